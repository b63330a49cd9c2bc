# restic 0.18, the judge of our vaults, in the tools folder: the machine's own may be older than format v2's latest reading.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/places.sh"
. "$bed/steps/trixie.sh"

isFit() { [ -x "$1" ] && "$1" version | grep -Eq '^restic (0\.(1[89]|[2-9][0-9])|[1-9])'; }

restic=$tools/bin/restic
if isFit "$restic"; then
  outcome "$("$restic" version | cut -d' ' -f2) is there"
elif machines=$(command -v restic) && isFit "$machines"; then
  ln -sf "$machines" "$restic"
  outcome "the machine's own, $("$restic" version | cut -d' ' -f2)"
else
  takeFromTrixie restic "$cache/unpacked/restic"
  rm -f "$restic"
  install -m 755 "$cache/unpacked/restic/usr/bin/restic" "$restic"
  isFit "$restic"
  outcome "$("$restic" version | cut -d' ' -f2) put into $tools/bin"
fi
