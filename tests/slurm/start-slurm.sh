#!/usr/bin/env bash
# A private SLURM of one node for tests: loopback only, no systemd, no accounting daemon.
#
#   start-slurm.sh start DIR    install what is missing, configure below DIR, start, wait for idle
#   start-slurm.sh stop DIR     cancel all jobs and end the daemons recorded in DIR/run
#   start-slurm.sh status DIR   show the node; success when it takes jobs
#
# After a start, `. DIR/env` gives a shell whose sbatch, squeue, ... talk to this SLURM.
#
#   SLURM_TEST_CPUS      CPUs the node claims, whatever the machine has       8
#   SLURM_TEST_MEM_MB    memory it claims, MB                                 32000
#   SLURM_TEST_GPUS      stand-in GPUs, at most 5                             2
#   SLURM_TEST_GPU_TYPE  their type, as in --gpus=TYPE:1                      standin
#   SLURM_TEST_PORT      first of two free ports on 127.0.0.1                 26817
set -euo pipefail
umask 022
PATH=$PATH:/usr/sbin:/sbin

fail() {
    echo "start-slurm.sh: $*" >&2
    exit 1
}

action=${1:-}
[ $# -eq 2 ] || fail "usage: start-slurm.sh start|stop|status DIR"
# Munge and slurmstepd open Unix sockets below DIR, whose paths may have 107 characters.
[ "$action" != start ] || mkdir -p "$2"
[ -d "$2" ] || fail "no directory $2; start one first"
dir=$(cd "$2" && pwd -P)
[ ${#dir} -le 70 ] || fail "the path $dir is too long for sockets (over 70 characters); shorten it"

# -- daemons ---------------------------------------------------------------------------------------
# DIR/run/NAME holds a process id. It counts as ours only while that process names DIR on its
# command line: a recycled id does not, and neither does an ended process nobody has reaped.

running() {
    local pid
    pid=$(cat "$dir/run/$1" 2>/dev/null) || return 1
    tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "$dir/"
}

launch() { # NAME COMMAND...: in a session of its own, in the foreground of that session
    local name=$1
    shift
    env -i PATH="$PATH" HOME=/ LANG=C.UTF-8 setsid "$@" \
        </dev/null >>"$dir/log/$name.out" 2>&1 &
    echo $! >"$dir/run/$name"
}

await() { # SECONDS NAME COMMAND...: until COMMAND succeeds, while the daemon NAME lives
    local tries=$(($1 * 5)) name=$2
    shift 2
    while ! "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        if [ $tries -le 0 ] || ! running "$name"; then
            tail -n 20 "$dir/log/$name".* >&2 || true
            fail "$name does not answer; its log is above"
        fi
        sleep 0.2
    done
}

end() { # NAME SECONDS: asked first, killed after SECONDS
    local tries=$(($2 * 10))
    if running "$1"; then
        kill "$(cat "$dir/run/$1")" 2>/dev/null || true
        while running "$1" && [ $tries -gt 0 ]; do
            tries=$((tries - 1))
            sleep 0.1
        done
        ! running "$1" || kill -KILL "$(cat "$dir/run/$1")" 2>/dev/null || true
    fi
    rm -f "$dir/run/$1"
}

idle() { sinfo -h -N -o %T | grep -qxE 'idle|mixed|allocated'; }
empty() { [ -z "$(squeue -h -o %A)" ]; }

# -- set-up ----------------------------------------------------------------------------------------

install_packages() {
    local missing=()
    command -v munged >/dev/null || missing+=(munge)
    command -v slurmctld >/dev/null || missing+=(slurmctld)
    command -v slurmd >/dev/null || missing+=(slurmd)
    command -v sbatch >/dev/null || missing+=(slurm-client)
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
        fail "missing ${missing[*]}, and only root on Debian can install them here"
    # 101 forbids the packages to start daemons of their own.
    local policy=/usr/sbin/policy-rc.d made=no
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
        made=yes
    fi
    local result=0
    { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        -o DPkg::Lock::Timeout=300 install --no-install-recommends "${missing[@]}"; } \
        >"$dir/log/apt.out" 2>&1 </dev/null || result=$?
    [ $made = no ] || rm -f $policy
    [ $result = 0 ] || fail "apt-get failed; see $dir/log/apt.out"
}

configure() {
    local cpus=${SLURM_TEST_CPUS:-8} mem=${SLURM_TEST_MEM_MB:-32000} gpus=${SLURM_TEST_GPUS:-2}
    local type=${SLURM_TEST_GPU_TYPE:-standin} port=${SLURM_TEST_PORT:-26817}
    local host user devices tool
    host=$(uname -n)
    host=${host%%.*}
    user=$(id -un)
    # slurmd takes one character device for each GPU and refuses regular files.
    devices=(/dev/null /dev/zero /dev/full /dev/random /dev/urandom)
    [ "$gpus" -le ${#devices[@]} ] || fail "SLURM_TEST_GPUS: $gpus, at most ${#devices[@]}"

    {
        for device in "${devices[@]:0:gpus}"; do
            echo "NodeName=$host Name=gpu Type=$type File=$device"
        done
    } >"$dir/etc/gres.conf"

    cat >"$dir/etc/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$dir/run/munge.socket
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/run/slurmctld.own
SlurmdPidFile=$dir/run/slurmd.own
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.log
MailProg=/bin/true
MpiDefault=none
AccountingStorageType=accounting_storage/none

# Processes are found through /proc and not confined: control groups need more than a container has.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux

# The node is what is written here. Requests it can never serve are refused at submission.
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=$((mem / cpus))
EnforcePartLimits=ALL
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$mem Gres=gpu:$type:$gpus State=UNKNOWN
PartitionName=cpu Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=ALL MaxTime=INFINITE State=UP

# Tests wait for nothing, and ended jobs stay visible to squeue, which has no database to ask.
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=5,bf_interval=5
KillWait=5
MinJobAge=7200
ReturnToService=2
CONF

    # The plugin removes SLURM_* from a job's environment before the inner srun, so the
    # configuration travels on PATH: every client is reached through one shim.
    cat >"$dir/bin/shim" <<CONF
#!/bin/sh
SLURM_CONF=$dir/etc/slurm.conf exec "/usr/bin/\${0##*/}" "\$@"
CONF
    chmod 755 "$dir/bin/shim"
    for tool in sbatch srun squeue scancel scontrol sinfo salloc; do
        ln -sf shim "$dir/bin/$tool"
    done
    # Without a database these would look for one in the network, for seconds.
    for tool in sacct sacctmgr sshare; do
        printf '#!/bin/sh\necho "no accounting in this SLURM" >&2\nexit 1\n' >"$dir/bin/$tool"
        chmod 755 "$dir/bin/$tool"
    done
    printf 'export PATH=%s:$PATH\n' "$dir/bin" >"$dir/env"
}

start() {
    mkdir -p "$dir"/{bin,etc,log,run,spool,state}
    install_packages
    if running slurmctld && running slurmd && idle; then
        echo "SLURM is up already: . $dir/env"
        return
    fi
    configure
    if ! running munged; then
        (umask 077 && head -c 1024 /dev/urandom >"$dir/etc/munge.key")
        # --force turns complaints about the permissions of DIR's parents into warnings.
        launch munged munged --foreground --force --key-file="$dir/etc/munge.key" \
            --socket="$dir/run/munge.socket" --pid-file="$dir/run/munged.own" \
            --log-file="$dir/log/munged.log" --seed-file="$dir/run/munge.seed"
    fi
    await 20 munged munge --socket="$dir/run/munge.socket" --no-input
    running slurmctld || launch slurmctld slurmctld -D -f "$dir/etc/slurm.conf"
    await 120 slurmctld sh -c 'scontrol ping | grep -q "is UP"'
    running slurmd || launch slurmd slurmd -D -f "$dir/etc/slurm.conf"
    await 120 slurmd idle
    echo "SLURM $(slurmctld -V | cut -d' ' -f2) is up ($(sinfo -h -N -o '%c CPUs, %m MB, %G' |
        head -n 1)): . $dir/env"
}

stop() {
    if running slurmctld; then
        timeout 10 scancel --quiet --user="$(id -un)" || true
        for _ in $(seq 50); do
            ! timeout 10 squeue -h >/dev/null 2>&1 || ! empty || break
            sleep 0.2
        done
    fi
    end slurmd 10
    end slurmctld 10
    end munged 5
}

[ ! -d "$dir/bin" ] || PATH=$dir/bin:$PATH
case $action in
start)
    PATH=$dir/bin:$PATH
    start
    ;;
stop) stop ;;
status)
    running slurmctld && running slurmd || fail "not running below $dir"
    sinfo && idle
    ;;
*) fail "no action '$action'; allowed: start, stop, status" ;;
esac
