#include "args.h"

#include "errors.h"

namespace node_tun {

Args::Args(napi_env env, napi_callback_info info) : env_(env) {
  // Arguments that were not given come out as undefined.
  size_t count = kMax;
  napi_get_cb_info(env, info, &count, values_, nullptr, nullptr);
}

bool Args::IsUndefined(size_t index) const {
  napi_valuetype type = napi_undefined;
  return napi_typeof(env_, values_[index], &type) == napi_ok && type == napi_undefined;
}

bool Args::Number(size_t index, const char* what, uint32_t max, uint32_t* out) const {
  double value = 0;
  if (napi_get_value_double(env_, values_[index], &value) != napi_ok) {
    ThrowType(env_, what, "a number");
    return false;
  }
  // Written so that NaN fails too.
  if (!(value >= 0 && value <= max) || value != static_cast<double>(static_cast<uint32_t>(value))) {
    ThrowRange(env_, what, ("is not an integer from 0 to " + std::to_string(max)).c_str());
    return false;
  }
  *out = static_cast<uint32_t>(value);
  return true;
}

bool Args::OptionalNumber(size_t index, const char* what, uint32_t max,
                          std::optional<uint32_t>* out) const {
  if (IsUndefined(index)) return true;
  uint32_t value = 0;
  if (!Number(index, what, max, &value)) return false;
  *out = value;
  return true;
}

bool Args::Boolean(size_t index, const char* what, bool* out) const {
  if (napi_get_value_bool(env_, values_[index], out) == napi_ok) return true;
  ThrowType(env_, what, "a boolean");
  return false;
}

bool Args::Text(size_t index, const char* what, size_t max, std::string* out) const {
  size_t length = 0;
  if (napi_get_value_string_utf8(env_, values_[index], nullptr, 0, &length) != napi_ok) {
    ThrowType(env_, what, "a string");
    return false;
  }
  if (length > max) {
    ThrowRange(env_, what, ("has more than " + std::to_string(max) + " octets").c_str());
    return false;
  }
  std::string text(length + 1, '\0');
  napi_get_value_string_utf8(env_, values_[index], text.data(), text.size(), &length);
  text.resize(length);
  if (text.find('\0') != std::string::npos) {
    ThrowRange(env_, what, "has a NUL in it");
    return false;
  }
  *out = text;
  return true;
}

bool Args::OptionalText(size_t index, const char* what, size_t max,
                        std::optional<std::string>* out) const {
  if (IsUndefined(index)) return true;
  std::string text;
  if (!Text(index, what, max, &text)) return false;
  *out = text;
  return true;
}

bool Args::TypedArray(size_t index, const char* what, napi_typedarray_type wanted,
                      const char* expected, void** data, size_t* length) const {
  bool is_array = false;
  napi_is_typedarray(env_, values_[index], &is_array);
  napi_typedarray_type type = napi_int8_array;
  napi_value buffer = nullptr;
  if (!is_array || napi_get_typedarray_info(env_, values_[index], &type, length, data, &buffer,
                                            nullptr) != napi_ok ||
      type != wanted) {
    ThrowType(env_, what, expected);
    return false;
  }
  // Shared memory could change under another thread's hands between a check and the use of what was checked.
  bool is_private = false;
  napi_is_arraybuffer(env_, buffer, &is_private);
  if (!is_private) ThrowType(env_, what, "over memory that is not shared");
  return is_private;
}

bool Args::Octets(size_t index, const char* what, Span<uint8_t>* out) const {
  void* data = nullptr;
  size_t length = 0;
  if (!TypedArray(index, what, napi_uint8_array, "a Uint8Array", &data, &length)) return false;
  *out = {static_cast<uint8_t*>(data), length};
  return true;
}

bool Args::OptionalOctets(size_t index, const char* what, std::optional<Span<uint8_t>>* out) const {
  if (IsUndefined(index)) return true;
  Span<uint8_t> octets;
  if (!Octets(index, what, &octets)) return false;
  *out = octets;
  return true;
}

bool Args::Words(size_t index, const char* what, Span<uint32_t>* out) const {
  void* data = nullptr;
  size_t length = 0;
  if (!TypedArray(index, what, napi_uint32_array, "a Uint32Array", &data, &length)) return false;
  *out = {static_cast<uint32_t*>(data), length};
  return true;
}

bool Args::Doubles(size_t index, const char* what, Span<double>* out) const {
  void* data = nullptr;
  size_t length = 0;
  if (!TypedArray(index, what, napi_float64_array, "a Float64Array", &data, &length)) return false;
  *out = {static_cast<double*>(data), length};
  return true;
}

bool Args::OptionalFunction(size_t index, const char* what, napi_value* out) const {
  *out = nullptr;
  if (IsUndefined(index)) return true;
  napi_valuetype type = napi_undefined;
  napi_typeof(env_, values_[index], &type);
  if (type != napi_function) {
    ThrowType(env_, what, "a function or undefined");
    return false;
  }
  *out = values_[index];
  return true;
}

}  // namespace node_tun
