// How families read the choices of a space: by name, checked once.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "model/operators.hpp"
#include "search/family.hpp"

namespace ridgeline {

/// Error when the space's choices (but "deployment") or those of its group are not exactly these.
void require_choices(const Space& space, std::initializer_list<std::string_view> names);
/// The number of the group; Error when it is missing, is counted by another choice, or has other choices.
std::size_t require_group(const Space& space, std::string_view group, std::string_view times,
                          std::initializer_list<std::string_view> names);
/// Error unless the space has exactly so many groups.
void require_group_count(const Space& space, std::size_t count);

/// The place of a choice within its group.
std::size_t choice_in(const Repeated& group, std::string_view name);
/// Positive whole numbers of a OneOf, or of the members of a Sequence.
std::vector<Size> numbers_of(const Choice& choice);

Family make_flexibert(const Space& space);
Family make_hat(const Space& space);
Family make_bert(const Space& space);
Family make_gpt2(const Space& space);

}  // namespace ridgeline
