#!/bin/sh
# Create .venv with the first Python that is new enough and can create one.
set -eu
cd "$(dirname "$0")/.."

suits() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

for python in ${PYTHON3:-python3 python3.11 python3.12 python3.13 python3.14 python}; do
    if suits "$python"; then
        echo "Creating .venv with $("$python" --version) …"
        exec "$python" -m venv --clear .venv
    fi
done

echo "Second Look needs Python 3.11 or newer with its venv module, and found none." >&2
echo "On Debian or Ubuntu: apt-get install python3 python3-venv (or name one: make up PYTHON3=/path/to/python3)." >&2
exit 1
