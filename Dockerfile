# One image, four commands: web (the default), worker, beat, and manage.py. compose.yaml runs them.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN useradd --system --create-home nova

COPY requirements.txt .
RUN pip install --require-hashes -r requirements.txt

COPY . .
# The build sees no .env; the secret key comes with the container.
RUN NOVA_ENV_FILE= python manage.py collectstatic --noinput && mkdir -p var/media && chown -R nova var
USER nova

EXPOSE 8000
# web:    as below
# worker: celery -A nova_project worker --loglevel INFO --concurrency 2
# beat:   celery -A nova_project beat --loglevel INFO   (one only)
# others: python manage.py COMMAND
# No access log: Nova logs each request itself, without the personal data that its address may hold.
CMD ["gunicorn", "nova_project.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", \
     "--worker-tmp-dir", "/dev/shm"]
