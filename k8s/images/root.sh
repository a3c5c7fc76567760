#!/bin/sh
# root.sh TARGET: the files that Node, libtorch and someone who looks into a running container need of
# this Debian, as a file system of its own in TARGET. Everything else stays behind: package manager,
# Perl, compilers, documentation, programs that change their user.
set -eu
target=$1

# libstdc++6: the addons. dash, coreutils, tar: `kubectl exec` and `kubectl cp`.
packages='base-files tzdata libc6 libgcc-s1 libstdc++6
  dash coreutils tar libacl1 libattr1 libgmp10 libpcre2-8-0 libselinux1'

mkdir -p "$target/usr" "$target/etc"
for folder in bin sbin lib lib64; do
  if [ -L "/$folder" ]; then
    mkdir -p "$target/usr/$folder"
    cp -a "/$folder" "$target/$folder"
  fi
done

# Folders come by their files: a package that names /bin would else replace the link of that name.
for package in $packages; do
  dpkg-query --listfiles "$package" | while read -r file; do
    case $file in
      /usr/share/doc/*/copyright) ;;
      /usr/share/doc/* | /usr/share/man/* | /usr/share/locale/* | /usr/share/info/* | \
        /usr/share/lintian/* | /usr/share/bug/* | /usr/lib/*/gconv/* | /usr/share/zoneinfo/right/* | \
        /usr/share/zoneinfo/posix/*) continue ;;
    esac
    if [ -L "$file" ] || [ -f "$file" ]; then printf '.%s\n' "$file"; fi
  done
done | sort -u >/tmp/files
# Links that a package's installation makes, not its archive.
for file in /bin/sh /etc/ld.so.conf /etc/localtime /etc/timezone; do
  if [ -e "$file" ]; then printf '.%s\n' "$file"; fi
done >>/tmp/files
tar -C / --create --no-recursion --files-from=/tmp/files | tar -C "$target" --extract

# What scanners of images read: a stanza for each package, as other images without dpkg have it.
mkdir -p "$target/var/lib/dpkg/status.d"
for package in $packages; do
  dpkg-query --status "$package" >"$target/var/lib/dpkg/status.d/$package"
done

echo 'root:x:0:0:root:/:/usr/sbin/nologin
lockstep:x:65532:65532:lockstep:/var/lib/lockstep:/usr/sbin/nologin' >"$target/etc/passwd"
echo 'root:x:0:
lockstep:x:65532:' >"$target/etc/group"
echo 'passwd: files
group: files
hosts: files dns' >"$target/etc/nsswitch.conf"

mkdir -p "$target/dev" "$target/proc" "$target/sys" "$target/run" "$target/tmp" \
  "$target/var/lib/lockstep" "$target/var/tmp"
chmod 1777 "$target/tmp" "$target/var/tmp"
chown 65532:65532 "$target/var/lib/lockstep"
ldconfig -r "$target"
find "$target" -xdev -perm /6000 -type f -exec chmod ug-s {} +
# Neither the time of a build nor its cache is a reason for other bytes.
rm -f "$target/var/cache/ldconfig/aux-cache" /tmp/files
