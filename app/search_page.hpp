// The HTML report of a search.
#pragma once

#include <string>

#include "app/search.hpp"

namespace ridgeline {

/// The front with axes to choose and constraints to brush, each design with its choices and figures, and how the
/// front grew. 10,000 designs take some 2 MB: figures as columns of six digits, choices as a few characters each.
std::string search_page(const SearchResult& result);

}  // namespace ridgeline
