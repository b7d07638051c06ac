# One image is launcher and worker: both install exactly requirements.lock.
FROM apache/beam_python3.11_sdk:2.77.0 AS beam

FROM python:3.11-slim
COPY --from=beam /opt/apache/beam /opt/apache/beam
# 7z and rar archives are read through this library.
RUN apt-get update && apt-get install -y --no-install-recommends libarchive13 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/sarchat_build
COPY requirements.lock ./
RUN python -m pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation .
# Workers use what is installed here and build no environment of their own.
ENV RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1
ENTRYPOINT ["/opt/apache/beam/boot"]
