// A function made of several, for std::visit: std::visit(Overload{[](Embedding) {}, [](MatMul) {}}, op).
#pragma once

namespace ridgeline {

template <class... F>
struct Overload : F... {
  using F::operator()...;
};
template <class... F>
Overload(F...) -> Overload<F...>;

}  // namespace ridgeline
