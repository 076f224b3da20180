# syntax=docker/dockerfile:1
# docker build -t holdfast .
# docker run --rm -it -p 127.0.0.1:8650:8650 -v holdfast:/var/lib/holdfast holdfast serve ...    (see compose.yaml, docs/operations.md)

FROM node:22-bookworm-slim AS web
WORKDIR /web
COPY web .
RUN npm ci --ignore-scripts --omit=dev --no-audit --no-fund && node build.mjs --out /dist

FROM rust:1-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
COPY --from=web /dist /dist
ENV HOLDFAST_WEB_DIST=/dist
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --profile dist -p holdfast --no-default-features --locked && \
    cp target/dist/holdfast /usr/local/bin/holdfast

FROM debian:bookworm-slim
# ca-certificates: TLS to partners and mail servers. curl: health check. postgresql-client: `holdfast backup` runs pg_dump.
RUN apt-get update && \
    apt-get install -y --no-install-recommends ca-certificates curl postgresql-client && \
    rm -rf /var/lib/apt/lists/* && \
    useradd --system --uid 10001 --home-dir /var/lib/holdfast --create-home --shell /usr/sbin/nologin holdfast
COPY --from=build /usr/local/bin/holdfast /usr/local/bin/holdfast
# Blocks of the academy's lab on real blocks.
COPY data/bitcoin/*.block.zst /usr/share/holdfast/bitcoin/
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/holdfast/
USER holdfast
WORKDIR /var/lib/holdfast
VOLUME /var/lib/holdfast
EXPOSE 8650
# 503 and no answer are unhealthy.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--show-error", "--output", "/dev/null", "http://127.0.0.1:8650/health/live"]
ENTRYPOINT ["holdfast"]
CMD ["serve", "--store", "/var/lib/holdfast", "--listen", "0.0.0.0:8650"]
