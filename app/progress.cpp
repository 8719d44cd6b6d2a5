#include "app/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <ostream>
#include <string>

namespace ridgeline {
namespace {

constexpr int kBar = 24;
constexpr const char* kWipe = "\r\x1b[K";

class Bar {
 public:
  explicit Bar(std::ostream& err) : err_(err) {}
  Bar(const Bar&) = delete;
  Bar& operator=(const Bar&) = delete;
  ~Bar() { wipe(); }

  void draw(std::string_view step, double share) {
    if (share >= 1) return wipe();
    const int full = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * kBar));
    std::string blocks;
    for (int i = 0; i < kBar; ++i) blocks += i < full ? "█" : "░";
    err_ << kWipe << blocks << " " << step << std::flush;
    drawn_ = true;
  }

 private:
  void wipe() {
    if (drawn_) err_ << kWipe << std::flush;
    drawn_ = false;
  }

  std::ostream& err_;
  bool drawn_ = false;
};

}  // namespace

Progress make_progress(std::ostream& err, bool terminal) {
  if (terminal)
    return [bar = std::make_shared<Bar>(err)](std::string_view step, double share) { bar->draw(step, share); };
  return [&err, last = std::string()](std::string_view step, double share) mutable {
    if (step == last) return;
    last = step;
    err << fmt::format("{:3.0f} %  {}\n", 100 * share, step) << std::flush;
  };
}

}  // namespace ridgeline
