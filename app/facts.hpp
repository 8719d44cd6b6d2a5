// The numbers of a description with their sources, for `devices NAME` and `runtimes NAME`.
#pragma once

#include <string>
#include <vector>

#include "app/json.hpp"
#include "app/session.hpp"
#include "hwdesc/device.hpp"

namespace ridgeline {

/// One line a fact with the [id] of its source or its derivation; operating points as a table of their own; the cited
/// sources below.
std::string facts_text(const std::vector<Fact>& facts, const std::vector<Source>& sources, const Style& style);
Json facts_json(const std::vector<Fact>& facts);
Json sources_json(const std::vector<Source>& sources);
std::string facts_csv(const std::vector<Fact>& facts);

}  // namespace ridgeline
