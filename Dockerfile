# The program with what it needs to run, and nothing else: worker, deploy and the Prefect server start from this image.
# It runs as a user without rights on a root file system that may be read-only; what it writes goes to /tmp, and reports
# to /reports. Health is checked by what starts it (docker-compose.yml): it differs from role to role.

FROM python:3.11.15-slim-bookworm AS build
WORKDIR /app
COPY runtime.lock ./
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --no-compile --disable-pip-version-check \
        --require-hashes -r runtime.lock
# Editable: the code stands in the image once, under /app.
COPY . .
RUN /opt/venv/bin/pip install --no-cache-dir --no-compile --disable-pip-version-check \
        --no-index --no-build-isolation --no-deps -e . \
    && rm -rf build && chmod -R a+rX /app
# Imports take more than twice as long without bytecode, and nothing can be written later. A few files of other
# packages are templates that cannot be compiled: no reason to stop.
RUN python -m compileall -qq -j 0 /opt/venv/lib /app || true

FROM python:3.11.15-slim-bookworm
RUN groupadd --gid 10001 nxtgauge \
    && useradd --uid 10001 --gid nxtgauge --no-create-home --home-dir /tmp --shell /usr/sbin/nologin nxtgauge \
    && install --directory --owner nxtgauge --group nxtgauge --mode 0750 /reports
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    PREFECT_HOME=/tmp/prefect \
    PREFECT_SERVER_UI_STATIC_DIRECTORY=/tmp/prefect-ui \
    NXTGAUGE_REPORTS=/reports
WORKDIR /app
USER 10001:10001
CMD ["nxtgauge-migrate", "worker"]
