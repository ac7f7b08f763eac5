# One image for both servers of a self-hosted gateway: `serve` (the gateway, what it does unless told) and `redis-bridge`.
# docs/self-hosting.md has the way from nothing to a paid call; compose.yaml runs it all.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json tsconfig.types.json ./
COPY src ./src
RUN npm run build

FROM ${NODE_IMAGE} AS modules
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The optional ones are a local chain and a Node, for development.
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
# A configuration in this folder may import "tollbooth-edge": a package can import itself by its name.
COPY package.json ./
COPY --from=modules /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The repository's own configuration imports ./src/index.ts; so it works here as it is.
RUN mkdir src && echo 'export * from "tollbooth-edge";' > src/index.ts
# The files stay root's: a process that was taken over cannot change them.
USER node
EXPOSE 8787
# A path of the gateway's own: it asks nobody and costs nothing (docs/operations.md, Health).
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 8787}/health`).then((r) => process.exit(r.status < 500 ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/src/cli/main.js"]
CMD ["serve", "--config", "tollbooth.config.ts"]
