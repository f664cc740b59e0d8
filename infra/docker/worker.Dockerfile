# Workers, and every other command. Build them from the root of the repository:
#   docker build -f infra/docker/worker.Dockerfile --target cpu -t foldwise-worker:0.10.0 .
#   docker build -f infra/docker/worker.Dockerfile --target gpu -t foldwise-worker-gpu:0.10.0 .
# hadolint global ignore=DL3059

FROM node:22.21.1-bookworm AS build
WORKDIR /app
# No install script runs (.npmrc): what is native comes prebuilt.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build
RUN npm prune --omit=dev --no-audit --no-fund
# Of the native libraries those for this machine alone.
RUN find node_modules/onnxruntime-node/bin -mindepth 2 -maxdepth 2 ! -name linux -exec rm -rf {} + \
 && find node_modules/onnxruntime-node/bin -mindepth 3 -maxdepth 3 ! -name "$(node -p process.arch)" -exec rm -rf {} + \
 && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -rf {} +

# ONNX Runtime's build with CUDA: pinned by foldwise, file by file.
FROM build AS provider
RUN FOLDWISE_CUDA=/app/cuda node dist/cli/main.js devices fetch cuda

# On a base with CUDA 13 and cuDNN 9, for hosts with a driver of release 580 or later. Not tried with a graphics card.
FROM nvidia/cuda:13.0.1-cudnn-runtime-ubuntu24.04 AS gpu
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /app/package.json /app/package.json
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
COPY --from=provider /app/cuda /app/cuda
ENV NODE_ENV=production \
    FOLDWISE_CUDA=/app/cuda \
    HF_HOME=/foldwise/.cache/huggingface \
    FOLDWISE_METRICS=0.0.0.0:9464
# The number of the user that both bases have: volumes must let it write.
RUN mkdir /foldwise && chown 1000:1000 /foldwise
USER 1000:1000
WORKDIR /foldwise
VOLUME /foldwise
EXPOSE 9464
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9464/readyz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
# Never on the processor in silence: a worker whose card does not start says why, and ends.
CMD ["worker", "--queue", "gpu", "--device", "cuda", "--log-format", "json"]

FROM node:22.21.1-bookworm-slim AS cpu
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /app/package.json /app/package.json
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
ENV NODE_ENV=production \
    HF_HOME=/foldwise/.cache/huggingface \
    FOLDWISE_METRICS=0.0.0.0:9464
RUN mkdir /foldwise && chown 1000:1000 /foldwise
USER 1000:1000
WORKDIR /foldwise
VOLUME /foldwise
EXPOSE 9464
# It answers once it works for the server, and no longer while it leaves.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9464/readyz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
CMD ["worker", "--log-format", "json"]
