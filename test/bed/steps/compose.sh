# Compose v2 as a plugin of the docker command. Debian 12 has only v1; the binary of Debian 13 runs there too.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/places.sh"
. "$bed/steps/trixie.sh"

if found=$(docker compose version --short); then
  outcome "$found is there"
  exit
fi
plugins=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins
unpacked=$cache/unpacked/docker-compose
takeFromTrixie docker-compose "$unpacked"
mkdir -p "$plugins"
install -m 755 "$unpacked/usr/libexec/docker/cli-plugins/docker-compose" "$plugins/docker-compose"
outcome "$(docker compose version --short) put into $plugins"
