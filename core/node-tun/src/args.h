#ifndef NODE_TUN_ARGS_H_
#define NODE_TUN_ARGS_H_

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace node_tun {

// The elements of a typed array. Valid until JavaScript runs again.
template <typename T>
struct Span {
  T* data = nullptr;
  size_t length = 0;
};

// The arguments of one call. Every getter checks type and range, and on a mismatch throws into `env` and
// returns false: the caller then returns nullptr.
class Args {
 public:
  static constexpr size_t kMax = 9;

  Args(napi_env env, napi_callback_info info);

  napi_env env() const { return env_; }
  napi_value at(size_t index) const { return values_[index]; }

  // An integer from 0 to `max`.
  bool Number(size_t index, const char* what, uint32_t max, uint32_t* out) const;
  // Likewise, or undefined.
  bool OptionalNumber(size_t index, const char* what, uint32_t max, std::optional<uint32_t>* out) const;
  bool Boolean(size_t index, const char* what, bool* out) const;
  // A text of at most `max` octets in UTF-8 and without NUL.
  bool Text(size_t index, const char* what, size_t max, std::string* out) const;
  bool OptionalText(size_t index, const char* what, size_t max, std::optional<std::string>* out) const;
  // A Uint8Array (or a Buffer).
  bool Octets(size_t index, const char* what, Span<uint8_t>* out) const;
  bool OptionalOctets(size_t index, const char* what, std::optional<Span<uint8_t>>* out) const;
  // A Uint32Array.
  bool Words(size_t index, const char* what, Span<uint32_t>* out) const;
  // A Float64Array.
  bool Doubles(size_t index, const char* what, Span<double>* out) const;
  // A function, or nullptr for undefined.
  bool OptionalFunction(size_t index, const char* what, napi_value* out) const;

 private:
  bool IsUndefined(size_t index) const;
  bool TypedArray(size_t index, const char* what, napi_typedarray_type type, const char* expected,
                  void** data, size_t* length) const;

  napi_env env_;
  napi_value values_[kMax];
};

}  // namespace node_tun

#endif  // NODE_TUN_ARGS_H_
