#!/bin/bash
# Builds the Tomcat image of the acceptance tests and benchmarks: arranged as on Docker Hub (/usr/local/tomcat,
# webapps empty, webapps.dist full), from Debian's packages, by tools that are not ours (mmdebstrap, buildah).
#
#   build-image.sh FOLDER    makes FOLDER/image, an OCI layout with the tag "latest"
#
# Needs root and the Debian mirror that this machine's apt uses. The file's hash is the key of the tests' cache.
set -euo pipefail

folder=$(realpath "$1")
work=$folder/work
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"

storage() { buildah --root "$work/storage" --runroot "$work/run" --storage-driver overlay "$@"; }

cleanup() {
    storage rm --all >/dev/null 2>&1 || true
    umount "$work/storage/overlay" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

# The image tools must not depend on the machine's configuration.
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >"$work/policy.json"
# Limits that a root without CAP_SYS_RESOURCE, as a container's, may set.
files=$(ulimit -Hn) processes=$(ulimit -Hu)
# Nor may one raise what another version of buildah has lowered to this already.
[ "$processes" != unlimited ] && [ "$processes" -lt 32768 ] || processes=32768
printf '[containers]\ndefault_ulimits = ["nofile=%s:%s", "nproc=%s:%s"]\n' "$files" "$files" "$processes" "$processes" >"$work/containers.conf"
export CONTAINERS_CONF=$work/containers.conf BUILDAH_ISOLATION=chroot

# This machine's own Debian sources, without other vendors'.
sources=$work/mirror.sources
for file in /etc/apt/sources.list.d/*.sources; do
    [ -e "$file" ] || continue
    awk -v suite="$suite" 'BEGIN { RS = ""; ORS = "\n\n" }
        $0 ~ "(^|\n)Types:[^\n]*deb" && $0 ~ "(^|\n)Suites:[^\n]*[ \t]" suite "([ -]|\n)" && $0 ~ "(^|\n)Components:[^\n]*main"' "$file"
done >"$sources"
if [ ! -s "$sources" ]; then
    sources=$work/mirror.list
    grep -hE "^deb[ \t].*[ \t]$suite(-[a-z]+)*[ \t]+main" /etc/apt/sources.list /etc/apt/sources.list.d/*.list >"$sources" 2>/dev/null || true
fi
[ -s "$sources" ] || { echo "apt on this machine has no Debian source for $suite" >&2; exit 1; }

# And its proxy and validity settings.
apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-Valid-Until|Check-Date|Retries)' >"$work/apt.conf" || true

echo "layer 1: Debian $suite"
mmdebstrap --quiet --variant=minbase --dpkgopt=force-unsafe-io --aptopt="$work/apt.conf" --skip=cleanup/apt/lists \
    --customize-hook="cp -a \"\$1\"/var/lib/apt/lists/. '$work/lists/'; rm -rf \"\$1\"/var/lib/apt/lists/*" \
    "$suite" "$work/base.tar" "$sources" >&2
container=$(storage from scratch)
storage add --quiet "$container" "$work/base.tar" / >/dev/null
rm "$work/base.tar"

# commit TAG: what was done since the last commit becomes one layer; the next steps go on over it.
commit() {
    storage commit --quiet --format oci "$container" "$1" >/dev/null
    storage rm "$container" >/dev/null
    container=$(storage from --signature-policy "$work/policy.json" --pull-never "localhost/$1")
}

# inside CONTAINER COMMAND: package lists and archives stay out of the layers.
inside() {
    storage run -v "$work/lists:/var/lib/apt/lists" -v "$work/cache:/var/cache/apt" \
        -e DEBIAN_FRONTEND=noninteractive "$1" -- sh -ec "$2" >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
}
storage config --cmd bash "$container"
commit base

echo "layer 2: certificates and names"
inside "$container" 'apt-get install -qy --no-install-recommends ca-certificates netbase'
commit certificates

echo "layer 3: Java; the documentation goes, which leaves whiteouts"
inside "$container" 'apt-get install -qy --no-install-recommends default-jre-headless; rm -rf /usr/share/doc/* /usr/share/man/*'
commit java

echo "layer 4: Tomcat"
donor=$(storage from --signature-policy "$work/policy.json" --pull-never localhost/java)
inside "$donor" 'apt-get install -qy --no-install-recommends tomcat10-common; cd /tmp
    apt-get -q -o APT::Sandbox::User=root download tomcat10 tomcat10-docs tomcat10-examples
    for package in *.deb; do dpkg -x "$package" /donor; done'
from=$(storage mount "$donor")
to=$(storage mount "$container")
home=$to/usr/local/tomcat
mkdir -p "$home"/{conf,logs,temp,webapps,work}
cp -rL "$from/usr/share/tomcat10/bin" "$from/usr/share/tomcat10/lib" "$home/"
cp -L "$from"/usr/share/java/eclipse-jdt-core.jar "$home/lib/ecj.jar"
cp -a "$from"/donor/usr/share/tomcat10/etc/. "$home/conf/"
chown -R 0:0 "$home"
storage umount "$container" >/dev/null
storage config --env CATALINA_HOME=/usr/local/tomcat \
    --env PATH=/usr/local/tomcat/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    --workingdir /usr/local/tomcat "$container"
commit catalina

echo "layer 5: the web applications, which are not deployed"
home=$(storage mount "$container")/usr/local/tomcat
mkdir "$home/webapps.dist"
cp -rL "$from/donor/usr/share/tomcat10-root/default_root" "$home/webapps.dist/ROOT"
cp -rL "$from/donor/usr/share/tomcat10-docs/docs" "$from/donor/usr/share/tomcat10-examples/examples" "$home/webapps.dist/"
storage umount "$container" >/dev/null
storage umount "$donor" >/dev/null
storage rm "$donor" >/dev/null
commit webapps

echo "layer 6: folders that any user may write"
storage run "$container" -- chmod 1777 logs temp work
storage config --port 8080/tcp --cmd '["catalina.sh", "run"]' "$container"
storage commit --quiet --format oci "$container" tomcat >/dev/null

storage push --quiet --signature-policy "$work/policy.json" localhost/tomcat "oci:$folder/image:latest" >&2
