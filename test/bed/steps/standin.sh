# Stand-ins for official images, where those cannot be pulled. Sourced by the image steps.
# A stand-in carries the fingerprint of its recipe as a label; an image without that label is somebody's real one.

label=aidatavault.bed

# A registry is asked once per run: where none answers, waiting again for each image gains nothing.
registryAnswers() {
  local asked=$cache/registry
  if [ ! -f "$asked" ] || [ -n "$(find "$asked" -mmin +10)" ]; then
    if timeout 10 docker manifest inspect "$1" >/dev/null; then echo yes >"$asked"; else echo no >"$asked"; fi
  fi
  [ "$(cat "$asked")" = yes ]
}

# needsStandIn IMAGE FINGERPRINT: false where the image is there and fit, or could be pulled; says so itself.
needsStandIn() {
  local made
  if made=$(docker image inspect --format "{{or (index .Config.Labels \"$label\") \"real\"}}" "$1"); then
    if [ "$made" = real ]; then outcome 'is there'; return 1; fi
    if [ "$made" = "$2" ]; then outcome 'stand-in is there'; return 1; fi
    return 0
  fi
  if registryAnswers "$1" && timeout 600 docker pull "$1"; then outcome 'pulled'; return 1; fi
}

# buildStandIn IMAGE FINGERPRINT FOLDER [NAME=VALUE…]: the engine's own BuildKit, through Compose, on every client alike.
buildStandIn() {
  local image=$1 made=$2 folder=$3 arg; shift 3
  {
    printf 'services:\n  it:\n    image: "%s"\n    build:\n      context: "%s"\n      labels:\n        %s: "%s"\n' \
      "$image" "$folder" "$label" "$made"
    printf '      args:\n'
    for arg in "$@"; do printf '        %s: "%s"\n' "${arg%%=*}" "${arg#*=}"; done
  } | docker compose -p aidatavault-bed -f - --project-directory "$folder" build it
  # What carried this label and has no name any more was ours.
  docker image prune --force --filter "label=$label"
}
