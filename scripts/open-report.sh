#!/usr/bin/env bash
# Name the reports of a result folder, and open the first one where there is a screen.
set -euo pipefail
shopt -s nullglob
reports=("$PWD/$1"/*/report.html)
[ "${#reports[@]}" -gt 0 ] || { echo "No report.html under $1" >&2; exit 1; }
printf 'Report: %s\n' "${reports[@]}"
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && command -v xdg-open > /dev/null; then
  xdg-open "${reports[0]}" > /dev/null 2>&1 &
fi
