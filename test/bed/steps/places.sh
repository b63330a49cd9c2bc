# Where the bed keeps things. Sourced by the steps; changes nothing.
bed=$(CDPATH='' cd -- "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
checkout=$(CDPATH='' cd -- "$bed/../.." && pwd -P)
cache=${AIDATAVAULT_BED_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/aidatavault-bed}
tools=$cache/tools
log=$cache/make.log
# A server does not run as root: its programs lie where another user can pass.
if [ "$(id -u)" = 0 ]; then servers=/var/cache/aidatavault-bed/servers; else servers=$cache/servers; fi

# The one line that a step ends with; everything else it prints goes to the log.
outcome() { printf '%s' "$*" >&3; }

die() { printf 'bed: %s\n' "$*" >&2; exit 1; }

# What a stand-in image or a rootfs is made of, as one short name: when a recipe changes, so does its fingerprint.
fingerprint() { cat -- "$@" | sha256sum | cut -c1-12; }
