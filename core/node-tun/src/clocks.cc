#include "clocks.h"

#include <time.h>

#include "args.h"
#include "errors.h"

namespace node_tun {

napi_value Clocks(napi_env env, napi_callback_info info) {
  Args args(env, info);
  Span<double> out;
  if (!args.Doubles(0, "out", &out)) return nullptr;
  constexpr clockid_t kClocks[] = {CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_REALTIME};
  if (out.length != 3) return ThrowRange(env, "out", "does not have three elements");
  for (size_t i = 0; i < 3; i++) {
    timespec now = {};
    // Fails for clocks alone that the kernel does not have; it has these since 2.6.39.
    clock_gettime(kClocks[i], &now);
    out.data[i] = static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
  }
  return nullptr;
}

}  // namespace node_tun
