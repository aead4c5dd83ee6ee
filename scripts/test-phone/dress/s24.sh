#!/usr/bin/env bash
# Dresses a test phone as a Galaxy S24 with the Exynos 2400: properties, CPU, sensors, and what its services answer.
# All of it is planted in files that a test may change.
#
#   s24.sh FOLDER
set -euo pipefail
cd "$1"

plant() { mkdir -p "$(dirname "$1")" && printf '%s\n' "$2" >"$1"; }

cat >build.prop <<'PROP'
ro.product.manufacturer=samsung
ro.product.brand=samsung
ro.product.model=SM-S921B
ro.product.name=e1sxeea
ro.product.device=e1s
ro.product.cpu.abi=arm64-v8a
ro.product.cpu.abilist=arm64-v8a
ro.soc.manufacturer=Samsung
ro.soc.model=s5e9945
ro.hardware=s5e9945
ro.board.platform=erd9945
ro.build.version.release=14
ro.build.version.sdk=34
ro.build.version.security_patch=2024-06-01
ro.build.type=user
ro.build.fingerprint=samsung/e1sxeea/e1s:14/UP1A.231005.007/TESTPHONE:user/release-keys
ro.serialno=TESTPHONE24
ro.adb.secure=0
sys.boot_completed=1
PROP

# Clusters, slowest first: first and last core, part number, clock steps in kHz.
clusters=(
  "0 3 0xd80 400000 1152000 1959000"
  "4 6 0xd81 672000 1728000 2592000"
  "7 8 0xd81 672000 1824000 2899000"
  "9 9 0xd82 672000 2016000 3207000"
)
features='fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm jscvt fcma lrcpc dcpop sha3 asimddp sha512 asimdfhm dit uscat ilrcpc flagm ssbs sb paca pacg dcpodp flagm2 frint i8mm bf16 bti'

mkdir -p proc
: >proc/cpuinfo
cpu=sys/devices/system/cpu
for cluster in "${clusters[@]}"; do
  read -r first last part steps <<<"$cluster"
  slow=${steps%% *} fast=${steps##* }
  policy=$cpu/cpufreq/policy$first
  plant "$policy/scaling_available_frequencies" "$steps"
  plant "$policy/cpuinfo_min_freq" "$slow"
  plant "$policy/cpuinfo_max_freq" "$fast"
  plant "$policy/scaling_min_freq" "$slow"
  plant "$policy/scaling_max_freq" "$fast"
  plant "$policy/scaling_cur_freq" "$fast"
  plant "$policy/scaling_governor" energy_aware
  plant "$policy/related_cpus" "$(seq -s ' ' "$first" "$last")"
  plant "$policy/affected_cpus" "$(seq -s ' ' "$first" "$last")"
  # Steps and the time spent there, in units of 10 ms.
  plant "$policy/stats/time_in_state" "$(for step in $steps; do echo "$step 1000"; done)"
  for ((core = first; core <= last; core++)); do
    ln -s "../cpufreq/policy$first" "$(mkdir -p "$cpu/cpu$core" && echo "$cpu/cpu$core/cpufreq")"
    plant "$cpu/cpu$core/online" 1
    plant "$cpu/cpu$core/topology/core_id" "$core"
    plant "$cpu/cpu$core/topology/core_cpus_list" "$core"
    printf 'processor\t: %s\nBogoMIPS\t: 51.20\nFeatures\t: %s\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: %s\nCPU revision\t: 1\n\n' \
      "$core" "$features" "$part" >>proc/cpuinfo
  done
done
for list in possible present online; do plant "$cpu/$list" 0-9; done
for state in 0 1 2 3; do plant "$cpu/cpu0/cpuidle/state$state/time" 0; done

cat >proc/meminfo <<'MEM'
MemTotal:        7519284 kB
MemFree:          612040 kB
MemAvailable:    3648212 kB
Buffers:            9120 kB
Cached:          3012644 kB
SwapTotal:       8388604 kB
SwapFree:        6210048 kB
MEM

zone=0
while read -r type millidegrees; do
  plant "sys/class/thermal/thermal_zone$zone/type" "$type"
  plant "sys/class/thermal/thermal_zone$zone/temp" "$millidegrees"
  zone=$((zone + 1))
done <<'ZONES'
BIG 36000
MID 35000
LITTLE 34000
G3D 33000
battery 28100
ZONES

supply=sys/class/power_supply
plant $supply/battery/type Battery
plant $supply/battery/status Discharging
plant $supply/battery/health Good
plant $supply/battery/present 1
plant $supply/battery/capacity 78
plant $supply/battery/voltage_now 4012000
plant $supply/battery/current_now -412000
plant $supply/battery/temp 281
plant $supply/battery/charge_counter 3011000
plant $supply/battery/technology Li-ion
plant $supply/usb/type USB
plant $supply/usb/online 0
plant $supply/ac/type Mains
plant $supply/ac/online 0

mkdir -p dumpsys cmd tombstones settings/{global,system,secure}
: >logcat
: >calls
cat >dumpsys/battery <<'TEXT'
Current Battery Service state:
  AC powered: false
  USB powered: false
  Wireless powered: false
  Dock powered: false
  Max charging current: 0
  Max charging voltage: 0
  Charge counter: 3011000
  status: 3
  health: 2
  present: true
  level: 78
  scale: 100
  voltage: 4012
  temperature: 281
  technology: Li-ion
TEXT
cat >dumpsys/thermalservice <<'TEXT'
IsStatusOverride: false
ThermalEventListeners:
	callbacks: 2
	killed: false
	broadcasts count: -1
ThermalStatusListeners:
	callbacks: 3
	killed: false
	broadcasts count: -1
Thermal Status: 0
Cached temperatures:
	Temperature{mValue=36.0, mType=0, mName=AP, mStatus=0}
	Temperature{mValue=28.1, mType=2, mName=BAT, mStatus=0}
	Temperature{mValue=29.4, mType=3, mName=SKIN, mStatus=0}
HAL Ready: true
HAL connection:
	ThermalHAL AIDL 1  connected: yes
Current temperatures from HAL:
	Temperature{mValue=36.0, mType=0, mName=AP, mStatus=0}
	Temperature{mValue=28.1, mType=2, mName=BAT, mStatus=0}
	Temperature{mValue=29.4, mType=3, mName=SKIN, mStatus=0}
Current cooling devices from HAL:
	CoolingDevice{mValue=0, mType=2, mName=cpufreq-cpu0}
TEXT
cat >dumpsys/power <<'TEXT'
POWER MANAGER (dumpsys power)

Power Manager State:
  mWakefulness=Awake
  mIsPowered=false
  mBatteryLevel=78
  mDeviceIdleMode=false
  mLightDeviceIdleMode=false
Display Power: state=ON
TEXT
plant dumpsys/deviceidle+get+deep ACTIVE
plant dumpsys/deviceidle+get+light ACTIVE
plant settings/global/airplane_mode_on 0
plant settings/global/fixed_performance_mode 0
plant settings/global/stay_on_while_plugged_in 0
plant settings/global/low_power 0
plant settings/system/screen_off_timeout 30000
plant settings/system/screen_brightness 120
