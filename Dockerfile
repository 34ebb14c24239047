# syntax=docker/dockerfile:1
ARG NODE=node:26-bookworm-slim

# Compile with development dependencies.
FROM ${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY scripts/node ./scripts/node
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY scripts/build.ts ./scripts/
COPY scripts/build ./scripts/build
COPY src ./src
RUN npm run build

# Install only the production dependencies.
FROM ${NODE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM ${NODE}
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json openapi.yaml LICENSE ./
COPY schema ./schema
RUN ln -s /app/dist/main.js /usr/local/bin/nats-sts \
 && chmod +x dist/main.js \
 && install -d -o node -g node -m 0700 /var/lib/nats-sts
USER node
VOLUME /var/lib/nats-sts
EXPOSE 8080
# `nats-sts health` reads the address from the configuration that STS_CONFIG names.
ENV STS_CONFIG=/etc/nats-sts/sts.yaml
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["nats-sts", "health"]
ENTRYPOINT ["nats-sts"]
CMD ["serve"]
