# One file, four targets: migrate, api, checkpointer, restorer. docker-compose.yml builds all of them.

FROM node:24-bookworm-slim AS dependencies
WORKDIR /stasis
COPY . .
RUN npm ci --no-audit --no-fund

# Brings the database's schema up to date and ends.
FROM dependencies AS migrate
CMD ["node_modules/.bin/prisma", "migrate", "deploy"]

FROM dependencies AS production
RUN npm run build --workspace apps/console && npm prune --omit=dev --ignore-scripts

# The same build that `npm run setup` makes (tools/bootstrap/runsc.mjs).
FROM golang:1.26-bookworm AS runsc
RUN CGO_ENABLED=0 GOBIN=/out go install -trimpath \
    -ldflags "-X gvisor.dev/gvisor/runsc/version.version=release-20260905.0" \
    gvisor.dev/gvisor/runsc@v0.0.0-20260905035102-160fafc42237

FROM node:24-bookworm-slim AS base
WORKDIR /stasis
ENV NODE_ENV=production STASIS_HOME=/var/lib/stasis
COPY --from=production /stasis /stasis

FROM base AS api
RUN mkdir -p /var/lib/stasis && chown node:node /var/lib/stasis
USER node
ENV STASIS_LISTEN=0.0.0.0:7070
EXPOSE 7070
CMD ["node", "apps/api/src/main.ts"]

FROM base AS agent
COPY --from=runsc /out/runsc /usr/local/bin/runsc
ENV STASIS_RUNSC=/usr/local/bin/runsc

FROM agent AS checkpointer
CMD ["node", "apps/checkpointer/src/main.ts", "agent"]

FROM agent AS restorer
CMD ["node", "apps/restorer/src/main.ts", "agent"]
