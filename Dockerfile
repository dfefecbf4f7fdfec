# One image for the window, the worker, the migrations and the Prefect server (docker-compose.yml).
FROM python:3.11-slim-bookworm

RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        poppler-utils fonts-ipaexfont-gothic fonts-ipaexfont-mincho \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /srv/ichimado ichimado

WORKDIR /srv/ichimado
COPY requirements/ requirements/
COPY packaging/opencv-contrib-shim/pyproject.toml packaging/opencv-contrib-shim/
RUN pip install --no-cache-dir --require-hashes -r requirements/tools.txt \
    && uv pip install --system --no-cache --no-deps --require-hashes -r requirements/run.txt \
    && uv pip install --system --no-cache --no-deps --no-build-isolation packaging/opencv-contrib-shim \
    && uv pip check --system

COPY pyproject.toml README.md LICENSE ./
COPY japan/ japan/
COPY ocr/ ocr/
COPY matchers/ matchers/
COPY pipeline/ pipeline/
COPY flows/ flows/
COPY web/ web/
COPY ichimado/ ichimado/
COPY fixtures/ fixtures/
COPY benchmarks/ benchmarks/
RUN uv pip install --system --no-cache --no-deps --no-build-isolation --editable . \
    && mkdir -p /srv/ichimado/var /srv/ichimado/prefect && chown ichimado: /srv/ichimado/var /srv/ichimado/prefect

USER ichimado
VOLUME /srv/ichimado/var
CMD ["ichimado", "--help"]
