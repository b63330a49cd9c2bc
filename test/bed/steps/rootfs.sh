# A Debian system with PostgreSQL in it, as an image to build stand-ins on. Sourced by the image steps.
. "$bed/steps/apt.sh"
. "$bed/steps/trixie.sh"

# Only what decides the content counts: bootstrap, the end of this file.
rootfsMade=$(sed -n '/^bootstrap()/,$p' "$bed/steps/rootfs.sh" | sha256sum | cut -c1-12)
rootfsImage() { echo "aidatavault-bed/$1:$rootfsMade"; }

# makeRootfs SUITE MAJOR: the tar is kept, so that an engine with an empty store needs no download.
makeRootfs() {
  local suite=$1 major=$2 image tar
  image=$(rootfsImage "$suite")
  tar=$cache/rootfs-$suite-$rootfsMade.tar
  if docker image inspect "$image" >/dev/null; then return; fi
  if [ ! -f "$tar" ]; then
    rm -f "$cache/rootfs-$suite-"*.tar
    bootstrap "$suite" "$major" "$tar.part"
    mv "$tar.part" "$tar"
  fi
  docker import "$tar" "$image"
  # Older ones of ours; one that an image still stands on only loses its name.
  docker image ls --filter "reference=aidatavault-bed/$suite" --format '{{.Repository}}:{{.Tag}}' |
    { grep -vxF "$image" || true; } | xargs -r docker image rm
}

# The user exists before the package arrives, or it would pick another uid than the official image's 999. No cluster of
# Debian's own is made. Listening on every address is the official image's default for new databases.
bootstrap() {
  local suite=$1 major=$2 packages=postgresql-$2,gosu,locales,ca-certificates,xz-utils,zstd
  # Debian 12 has no pgvector.
  [ "$suite" = bookworm ] || packages+=,postgresql-$major-pgvector
  need mmdebstrap mmdebstrap
  installLacking
  mmdebstrap --variant=minbase --format=tar \
    --include="$packages" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --essential-hook='echo postgres:x:999:999::/var/lib/postgresql:/bin/bash >>"$1/etc/passwd"' \
    --essential-hook='echo postgres:x:999: >>"$1/etc/group"; echo "postgres:!:20000::::::" >>"$1/etc/shadow"' \
    --essential-hook='mkdir -p "$1/etc/postgresql-common"' \
    --essential-hook='echo create_main_cluster = false >"$1/etc/postgresql-common/createcluster.conf"' \
    --customize-hook='chroot "$1" localedef -i en_US -c -f UTF-8 en_US.UTF-8' \
    --customize-hook="sed -ri \"s/^#?listen_addresses = .*/listen_addresses = '*'/\" \"\$1/usr/share/postgresql/$major/postgresql.conf.sample\"" \
    --customize-hook='rm -rf "$1"/var/lib/postgresql/* "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/*' \
    "$suite" "$3" "$(debianSource "$suite")"
}
