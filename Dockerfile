# syntax=docker/dockerfile:1.7
# All roles of Crossroot in one image. Every version is fixed: this base, and the packages by package-lock.json.

FROM node:20.19.4-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Optional packages hold what is compiled for the platform, and the ClickHouse client.
RUN npm ci --include=dev --include=optional --no-audit --no-fund
COPY . .
RUN node node_modules/typescript/bin/tsc -p tsconfig.build.json

FROM node:20.19.4-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# Without the development packages, the embedded ClickHouse and the Ethereum node: both are services of their own here.
RUN npm ci --omit=dev --include=optional --no-audit --no-fund \
  && rm -rf node_modules/chdb node_modules/@chdb node_modules/@foundry-rs

FROM node:20.19.4-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY deploy/healthcheck.mjs ./deploy/healthcheck.mjs
# A volume that is mounted at one of these begins with this owner.
RUN mkdir -p /beacon /data/delegates/0 /data/delegates/1 /data/delegates/2 /data/delegates/3 /data/operator /data/operator-1 \
    /data/indexers/0 /data/indexers/1 /data/relays/0 /data/relays/1 \
  && chown -R node:node /data /beacon
USER node
VOLUME /data
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
CMD ["--help"]
