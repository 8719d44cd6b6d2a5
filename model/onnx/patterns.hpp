// What exporters take apart, put together again: eager frameworks run each of these as one operator.
//
//   product, then a bias of its columns                             a MatMul with bias
//   mean, difference, square, mean, add, root, quotient, scale, shift    a layer norm
//   quotient by √2, erf, add 1, product with x, half                GELU
//
// FLOPs stay as they are, to the last one; passes over memory and dispatches become fewer. Nothing is put together
// whose inner results are read elsewhere or are results of the graph.
#pragma once

#include "model/given_graph.hpp"

namespace ridgeline {

void put_together(GivenGraph& graph);

}  // namespace ridgeline
