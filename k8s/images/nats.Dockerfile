# NATS's server alone, for tests on machines that can pull no image: laid out like NATS's own image
# without a system, and built by `npm run images` from the binary that set-up has.
FROM scratch
COPY nats-server /nats-server
EXPOSE 4222 6222 8222
USER 65532:65532
ENTRYPOINT ["/nats-server"]
LABEL org.opencontainers.image.title="nats-server, for tests of Lockstep" \
      org.opencontainers.image.licenses="Apache-2.0"
