// What every reader ends with: an architecture that check() accepts, or a complaint that names the file.
#pragma once

#include "base/document.hpp"
#include "model/architecture.hpp"

namespace ridgeline {

inline Architecture checked(const Node& document, Architecture architecture) {
  try {
    check(architecture);
  } catch (const InputError&) {
    throw;
  } catch (const Error& error) {
    document.fail(error.what());
  }
  return architecture;
}

}  // namespace ridgeline
