#!/usr/bin/env bash
# Other people's programs, on which the tests try ours: dciodvfy (dicom3tools), dcmtk, pdftotext (poppler-utils),
# PostgreSQL, Orthanc, Chromium. Installed where this runs as root on Debian; the tests that miss one skip and say so.
set -u
missing=()
command -v dciodvfy > /dev/null || missing+=(dicom3tools)
command -v dcmdump > /dev/null || missing+=(dcmtk)
command -v pdftotext > /dev/null || missing+=(poppler-utils)
command -v initdb > /dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null || missing+=(postgresql)
[ -e /usr/share/orthanc/plugins/libOrthancDicomWeb.so ] || missing+=(orthanc orthanc-dicomweb)
command -v chromium > /dev/null || missing+=(chromium fonts-dejavu-core)
[ "${#missing[@]}" -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
  echo "Some tests will skip, for want of: ${missing[*]}" >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
install=(apt-get install -y -qq --no-install-recommends "${missing[@]}")
{ "${install[@]}" || { apt-get update -qq && "${install[@]}"; }; } > /dev/null 2>&1 \
  || echo "Some tests will skip: could not install ${missing[*]}" >&2
exit 0
