"""Fetches one wheel and goes on where an earlier try was interrupted.

    python fetch_wheel.py FOLDER REQUIREMENT [REQUIREMENT ...]

The first requirement that pip's sources have is taken. pip itself has no download that survives the
end of its process, but its sources, credentials, proxies and certificates are the user's, so they
are asked through pip's own finder and session; the version of pip is pinned beside this file's
caller for that. Prints one JSON object a line; the last one names the wheel.
"""

import hashlib
import json
import os
import shutil
import sys
import time

from pip._internal.commands.download import DownloadCommand
from pip._vendor.packaging.requirements import Requirement

CHUNK_BYTES = 1 << 20
REPORT_SECONDS = 2.0


def say(**line):
    print(json.dumps(line), flush=True)


def main(folder, requirements):
    command = DownloadCommand("download", "")
    options, names = command.parse_args(requirements)
    with command.main_context():
        session = command.get_default_session(options)
        finder = command._build_package_finder(options, session)
        link = first_link(finder, names)
        if link is None:
            say(kind="absent", requirements=names)
            return 3
        os.makedirs(folder, exist_ok=True)
        target = os.path.join(folder, link.filename)
        if link.is_file:
            shutil.copyfile(link.file_path, target)
        else:
            fetch(session, link, target)
        say(kind="wheel", path=target)
        return 0


def first_link(finder, names):
    for requirement in map(Requirement, names):
        best = finder.find_best_candidate(requirement.name, requirement.specifier).best_candidate
        if best is not None:
            return best.link
    return None


def fetch(session, link, target):
    """A finished file is trusted by its hash alone, an unfinished one goes on at its end."""
    if link.hash is not None and os.path.exists(target):
        if hash_of(target, link.hash_name) == link.hash:
            return
        os.remove(target)
    partial = target + ".partial"
    done = os.path.getsize(partial) if os.path.exists(partial) else 0
    response = ask(session, link, done)
    if done > 0 and response.status_code != 206:
        # The source knows no ranges, or there is nothing behind the end that we have.
        response.close()
        os.remove(partial)
        done = 0
        response = ask(session, link, 0)
    response.raise_for_status()
    length = response.headers.get("content-length")
    total = None if length is None else done + int(length)
    say(kind="begins", name=link.filename, done=done, total=total)
    write(response, partial, done, total)
    digest = hash_of(partial, link.hash_name)
    if digest != link.hash:
        os.remove(partial)
        raise SystemExit(f"{link.filename}: its {link.hash_name} is {digest}: it should be {link.hash}")
    os.replace(partial, target)


def ask(session, link, start):
    # Without an encoding: a range of a compressed answer would be a range of something else.
    headers = {"Accept-Encoding": "identity"}
    if start > 0:
        headers["Range"] = f"bytes={start}-"
    return session.get(link.url_without_fragment, headers=headers, stream=True)


def write(response, partial, done, total):
    began_at = reported_at = time.monotonic()
    began_with = done
    with open(partial, "ab") as file:
        while chunk := response.raw.read(CHUNK_BYTES):
            file.write(chunk)
            done += len(chunk)
            now = time.monotonic()
            if now - reported_at >= REPORT_SECONDS:
                reported_at = now
                say(kind="fetched", done=done, total=total, rate=(done - began_with) / (now - began_at))
    if total is not None and done != total:
        raise SystemExit(f"{os.path.basename(partial)}: the source ended after {done} of {total} bytes")


def hash_of(path, name):
    if name is None:
        return None
    digest = hashlib.new(name)
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
