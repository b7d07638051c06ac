# One image is launcher and worker of Dataflow, and runs the command line on one machine, too. Both
# install exactly requirements-gcp.lock: requirements.lock and what Dataflow needs beside it.
#
# TEMPLATE_LAUNCHER: Google's image dataflow-templates-base/python311-template-launcher-base, with its
# registry in front and a tag or digest of your choice.
ARG TEMPLATE_LAUNCHER
FROM apache/beam_python3.11_sdk:2.77.0 AS beam
# hadolint ignore=DL3006
FROM ${TEMPLATE_LAUNCHER} AS launcher

FROM python:3.11-slim
COPY --from=beam /opt/apache/beam /opt/apache/beam
COPY --from=launcher /opt/google/dataflow/python_template_launcher /opt/google/dataflow/python_template_launcher
# 7z and rar archives are read through this library; its newest fix is wanted, whatever its number.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends libarchive13 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/sarchat_build
COPY requirements-gcp.lock ./
RUN python -m pip install --no-cache-dir --require-hashes -r requirements-gcp.lock
COPY . .
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation . \
 && python -m pip check
# Workers use what is installed here and build no environment of their own; the launcher runs a file
# whose neighbors are no modules of their own.
ENV RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1 \
    PYTHONSAFEPATH=1 \
    FLEX_TEMPLATE_PYTHON_PY_FILE=/opt/sarchat_build/pipelines/flex_template.py
ENTRYPOINT ["/opt/apache/beam/boot"]
