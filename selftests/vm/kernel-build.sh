# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced by what builds a kernel from Debian's linux-source-6.1; that looks like a
# fetched one then: build/kernels/NAME. The script sets
#
#   name        of the kernel
#   objects     the folder in build/debug of its objects
#   fragments   files of options; what these don't name is off
#   inputs      further files that the kernel depends on
#   kbuild      words for every make, the architecture for instance
#   image       what boots, among its objects; copied to vmlinuz
#   targets     to make
#
# has a function adapt_source, which may edit the source, and calls build_kernel.
# The kernel is kept until a fragment, an input or the source changes. An option
# that did not take is a failure.

# shellcheck disable=SC2154 # set by the script
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
vm=$top/selftests/vm
source=$top/build/debug/source
tarball=$top/build/kernels/source/linux.tar.xz
target=$top/build/kernels/$name
output=$top/build/debug/$objects
wanted=$output/wanted.config
log=$output/build.log

die()
{
	echo "kernel $name: $*" >&2
	exit 1
}

say()
{
	echo "kernel $name: $*" >&2
}

unpack_source()
{
	"$vm/fetch-kernel" source || exit 1
	[ -e "$source/.unpacked" ] && [ "$source/.unpacked" -nt "$tarball" ] && return
	say "unpacking the kernel's source (1.3 GB)"
	rm -rf "$source"
	mkdir -p "$source" || exit 1
	tar -xJf "$tarball" -C "$source" --strip-components=1 || die "cannot unpack $tarball"
	touch "$source/.unpacked"
}

# edit FILE PROGRAM: by sed. What it has edited before it leaves alone, so that make does.
edit()
{
	sed "$2" "$source/$1" | cmp -s - "$source/$1" || sed -i "$2" "$source/$1"
}

key()
{
	{ cat "${fragments[@]}" "${inputs[@]}"; stat -L -c %s "$tarball"; } | sha256sum
}

run_make()
{
	make -C "$source" O="$output" "${kbuild[@]}" "$@"
}

# The wanted options that .config does not have.
not_taken()
{
	gawk -F= '
	FNR == NR {
		has[$1] = $0
		next
	}
	/^CONFIG_/ && ($2 == "n" ? $1 in has : has[$1] != $0) {
		print "  " $0
	}' <(grep '^CONFIG_' "$output/.config") "$wanted"
}

configure()
{
	local refused

	# From here on the module would be built for another kernel than the one that is there.
	rm -f "$target/release" "$target/version"
	mkdir -p "$output" || exit 1
	cat "${fragments[@]}" > "$wanted"
	run_make -s KCONFIG_ALLCONFIG="$wanted" allnoconfig > "$log" 2>&1 ||
		{ tail -n 20 "$log" >&2; die "could not configure"; }
	refused=$(not_taken)
	[ -z "$refused" ] || die "these options did not take (something that they depend on is missing):
$refused"
}

# The number of files is no known one, so a growing number has to do.
show_progress()
{
	local start=$SECONDS

	while sleep 20; do
		say "$(grep -cE '^  (CC|AS)' "$log") files compiled in $((SECONDS - start)) s"
	done
}

compile()
{
	local progress status

	say "compiling: minutes, or a quarter of an hour for a debug kernel on two cores (log: ${log#"$top"/})"
	show_progress &
	progress=$!
	run_make -j "$(nproc)" "${targets[@]}" >> "$log" 2>&1
	status=$?
	kill $progress
	wait $progress 2>/dev/null
	[ $status -eq 0 ] || { grep -E -A 5 'error:|Error ' "$log" | head -n 20 >&2; die "the build failed (log: $log)"; }
}

install_kernel()
{
	local new=$top/build/kernels/.new-$name

	rm -rf "$new"
	mkdir -p "$new/root" || exit 1
	run_make -s INSTALL_MOD_PATH="$new/root" DEPMOD=/sbin/depmod modules_install >> "$log" 2>&1 ||
		die "modules_install failed (log: $log)"
	cp "$output/$image" "$new/vmlinuz" || exit 1
	ln -s "$(realpath --relative-to "$(realpath "$new")" "$output")" "$new/headers"
	echo "${kbuild[*]}" > "$new/kbuild"
	key > "$new/version"
	run_make -s kernelrelease > "$new/release" || exit 1
	rm -rf "$target"
	mv "$new" "$target"
}

built()
{
	[ -e "$tarball" ] && [ "$(key)" = "$(cat "$target/version" 2>/dev/null)" ]
}

build_kernel()
{
	built && return
	"$vm/deps" "$vm/packages-debug" || exit 1
	mkdir -p "$top/build/debug" || exit 1
	# The source is common to all.
	exec 9> "$top/build/debug/.lock"
	flock -n 9 || { say "waiting for another build"; flock 9; }
	built && return
	unpack_source
	adapt_source
	configure
	compile
	install_kernel
	say "built: $(cat "$target/release")"
}
