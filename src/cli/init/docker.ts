/** A gateway in containers with a Redis of its own, as `docs/self-hosting.md` describes it. */

/** The image: the project with what it needs to serve. */
export const DOCKERFILE = `FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json ./
RUN npm install --omit=dev --omit=optional --ignore-scripts
COPY tollbooth.config.ts ./
# The files stay root's: a process that was taken over cannot change them.
USER node
EXPOSE 8787
ENTRYPOINT ["node_modules/.bin/tollbooth"]
CMD ["serve"]
`;

/** `compose.yaml`: Redis, the bridge in front of it, the gateway; `variables` are those of the configuration. */
export function compose(variables: string[]): string {
  const handed = variables.map((name) => `      ${name}: "\${${name}:?}"`);
  return `# Secrets come from .env beside this file.
x-tollbooth: &tollbooth
  build: .
  image: tollbooth-gateway
  # The gateway sends the bridge's token over loopback only, so that nobody on a network can read or use it.
  network_mode: "service:pod"
  restart: unless-stopped
  read_only: true
  cap_drop: ["ALL"]
  security_opt: ["no-new-privileges:true"]

services:
  # Holds the loopback that bridge and gateway share.
  pod:
    image: redis:7-alpine
    command: ["tail", "-f", "/dev/null"]
    init: true
    restart: unless-stopped
    networks: [store, outside]
    ports:
      - "\${GATEWAY_ADDRESS:-127.0.0.1}:\${GATEWAY_PORT:-8787}:8787"

  redis:
    image: redis:7-alpine
    # A full Redis must refuse to write: a record that is evicted is a payment that is forgotten.
    command: ["redis-server", "--appendonly", "yes", "--maxmemory-policy", "noeviction", "--maxmemory", "256mb"]
    volumes:
      - redis-data:/data
    networks: [store]
    restart: unless-stopped
    healthcheck:
      test: ["CMD", "redis-cli", "ping"]
      interval: 5s
      timeout: 3s
      retries: 10

  bridge:
    <<: *tollbooth
    command: ["redis-bridge", "--host", "127.0.0.1", "--port", "8079"]
    environment:
      REDIS_URL: redis://redis:6379/0
      BRIDGE_TOKEN: "\${BRIDGE_TOKEN:?}"
    depends_on:
      redis:
        condition: service_healthy
    healthcheck:
      test: ["CMD", "node", "-e", "fetch('http://127.0.0.1:8079/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
      interval: 5s
      timeout: 3s
      retries: 10

  gateway:
    <<: *tollbooth
    command: ["serve", "--port", "8787"]
    # Every variable that tollbooth.config.ts names.
    environment:
${handed.join("\n")}
    depends_on:
      bridge:
        condition: service_healthy
    # Calls in flight get 20 seconds to end.
    stop_grace_period: 45s

volumes:
  redis-data:

networks:
  # Redis has no way out, and nobody a way in but the pod.
  store:
    internal: true
  outside:
`;
}
