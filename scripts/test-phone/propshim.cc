// Preloaded into Debian's adbd, which has no Android property service to ask: properties come from
// /system/build.prop, so that `adb devices -l` shows the product, model and device that a test chose.

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace android {
namespace base {

// Replaces libbase's function of the same name; read anew each time, since tests change the file.
std::string GetProperty(const std::string& key, const std::string& default_value) {
  std::ifstream file("/system/build.prop");
  const std::string prefix = key + '=';
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, prefix.size(), prefix) == 0) return line.substr(prefix.size());
  }
  return default_value;
}

}  // namespace base
}  // namespace android

// adbd would listen on vsock too, which no network namespace holds: it would reach out of the lab.
extern "C" int socket(int domain, int type, int protocol) noexcept {
  if (domain == AF_VSOCK) {
    errno = EAFNOSUPPORT;
    return -1;
  }
  return static_cast<int>(syscall(SYS_socket, domain, type, protocol));
}

namespace {

// For adbd alone: what it starts is left as it is.
__attribute__((constructor)) void forget_preload() { unsetenv("LD_PRELOAD"); }

}  // namespace
