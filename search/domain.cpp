#include "search/domain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.hpp"
#include "base/overload.hpp"

namespace ridgeline {
namespace {

template <class T>
void check_list(const std::vector<T>& list, std::string_view what) {
  if (list.empty()) throw Error(fmt::format("a choice without {}", what));
  if (std::set<T>(list.begin(), list.end()).size() != list.size())
    throw Error(fmt::format("a choice lists one of its {} twice", what));
}

void check_counts(const std::vector<int>& counts) {
  check_list(counts, "counts");
  if (!std::is_sorted(counts.begin(), counts.end()) || counts.front() < 1)
    throw Error("the counts of a choice must ascend from at least 1");
}

std::uint64_t checked_size(double values) {
  if (values > static_cast<double>(kMostValues))
    throw Error(fmt::format("a choice of {:.3g} values: {} are the most of one choice", values, kMostValues));
  return static_cast<std::uint64_t>(values);
}

double binomial(int n, int k) {
  double result = 1;
  for (int i = 1; i <= k; ++i) result = result * (n - k + i) / i;
  return std::round(result);
}

/// Polynomial mutation on the grid of `count` values, as pagmo2's nsga2 does it on reals.
Gene mutated_step(Gene gene, std::uint32_t count, Random& random) {
  constexpr double kIndex = 20;
  const double x = static_cast<double>(gene) / (count - 1);
  const double u = random.uniform();
  const double power = 1 / (kIndex + 1);
  double change = 0;
  if (u < 0.5)
    change = std::pow(2 * u + (1 - 2 * u) * std::pow(1 - x, kIndex + 1), power) - 1;
  else
    change = 1 - std::pow(2 * (1 - u) + 2 * (u - 0.5) * std::pow(x, kIndex + 1), power);
  const double moved = std::clamp(x + change, 0.0, 1.0) * (count - 1);
  // A step shorter than the grid's would be lost: rounded at random, it is right on average.
  return static_cast<Gene>(std::min<double>(std::floor(moved + random.uniform()), count - 1));
}

}  // namespace

Domain::Domain(Kind kind) : kind_(std::move(kind)) {
  const auto numbered_by_count = [this](const std::vector<int>& counts, auto values_of) {
    double total = 0;
    for (const int count : counts) {
      first_of_count_.push_back(static_cast<std::uint32_t>(total));
      total += values_of(count);
      checked_size(total);
    }
    first_of_count_.push_back(static_cast<std::uint32_t>(total));
    size_ = static_cast<std::uint32_t>(total);
  };
  std::visit(Overload{[&](const OneOf& d) {
                        check_list(d.values, "values");
                        size_ = static_cast<std::uint32_t>(checked_size(static_cast<double>(d.values.size())));
                      },
                      [&](const Multiset& d) {
                        check_list(d.of, "members");
                        check_counts(d.counts);
                        const int kinds = static_cast<int>(d.of.size());
                        numbered_by_count(d.counts, [&](int count) { return binomial(kinds + count - 1, count); });
                        for (int i = 0; i < d.counts.back(); ++i) {
                          binomials_.emplace_back();
                          for (int n = 0; n < kinds + d.counts.back(); ++n)
                            binomials_.back().push_back(
                                n < i + 1 ? 0u : static_cast<std::uint32_t>(std::min(binomial(n, i + 1), 4e9)));
                        }
                      },
                      [&](const Sequence& d) {
                        check_list(d.of, "members");
                        check_counts(d.counts);
                        numbered_by_count(d.counts, [&](int count) { return std::pow(d.of.size(), count); });
                      },
                      [&](const Rows& d) {
                        check_list(d.rows, "rows");
                        size_ = static_cast<std::uint32_t>(checked_size(static_cast<double>(d.rows.size())));
                        near_rows_.resize(size_);
                        for (std::size_t a = 0; a < size_; ++a)
                          for (std::size_t b = 0; b < size_; ++b) {
                            std::size_t differing = 0;
                            for (std::size_t c = 0; c < d.columns.size(); ++c)
                              differing += d.rows[a][c] != d.rows[b][c];
                            if (differing == 1) near_rows_[a].push_back(static_cast<std::uint16_t>(b));
                          }
                      },
                      [&](const Steps& d) {
                        if (d.count < 2 || !(d.from < d.to))
                          throw Error("an interval needs two ends in ascending order and 2 steps");
                        size_ = static_cast<std::uint32_t>(checked_size(d.count));
                      }},
             kind_);
}

std::size_t Domain::count_index(Gene gene) const {
  return static_cast<std::size_t>(std::upper_bound(first_of_count_.begin(), first_of_count_.end(), gene) -
                                  first_of_count_.begin() - 1);
}

void Domain::members(Gene gene, std::vector<int>& out) const {
  if (const auto* multiset = std::get_if<Multiset>(&kind_)) {
    const std::size_t c = count_index(gene);
    std::uint32_t rank = gene - first_of_count_[c];
    out.resize(static_cast<std::size_t>(multiset->counts[c]));
    int n = static_cast<int>(multiset->of.size()) + multiset->counts[c] - 1;
    for (int i = multiset->counts[c] - 1; i >= 0; --i) {
      const auto& row = binomials_[static_cast<std::size_t>(i)];
      do --n;
      while (row[static_cast<std::size_t>(n)] > rank);
      rank -= row[static_cast<std::size_t>(n)];
      out[static_cast<std::size_t>(i)] = n - i;
    }
  } else if (const auto* sequence = std::get_if<Sequence>(&kind_)) {
    const std::size_t c = count_index(gene);
    const auto base = static_cast<std::uint32_t>(sequence->of.size());
    std::uint32_t rank = gene - first_of_count_[c];
    out.resize(static_cast<std::size_t>(sequence->counts[c]));
    for (auto member = out.rbegin(); member != out.rend(); ++member, rank /= base)
      *member = static_cast<int>(rank % base);
  } else {
    out.assign(1, gene);
  }
}

Gene Domain::gene_of(std::vector<int> members) const {
  const auto place = [&](const std::vector<int>& counts, std::size_t kinds) {
    const auto at = std::find(counts.begin(), counts.end(), static_cast<int>(members.size()));
    if (at == counts.end()) throw Error(fmt::format("no choice of {} members", members.size()));
    for (const int m : members)
      if (m < 0 || m >= static_cast<int>(kinds)) throw Error(fmt::format("no member {} of {}", m, kinds));
    return first_of_count_[static_cast<std::size_t>(at - counts.begin())];
  };
  if (const auto* multiset = std::get_if<Multiset>(&kind_)) {
    std::uint32_t rank = place(multiset->counts, multiset->of.size());
    std::sort(members.begin(), members.end());
    for (std::size_t i = 0; i < members.size(); ++i) rank += binomials_[i][static_cast<std::size_t>(members[i]) + i];
    return static_cast<Gene>(rank);
  }
  if (const auto* sequence = std::get_if<Sequence>(&kind_)) {
    const std::uint32_t first = place(sequence->counts, sequence->of.size());
    std::uint32_t rank = 0;
    for (const int m : members)
      rank = rank * static_cast<std::uint32_t>(sequence->of.size()) + static_cast<std::uint32_t>(m);
    return static_cast<Gene>(first + rank);
  }
  if (members.size() != 1 || members[0] < 0 || members[0] >= static_cast<int>(size_))
    throw Error(fmt::format("no such value of {}", size_));
  return static_cast<Gene>(members[0]);
}

Gene Domain::gene_of(std::string_view value) const {
  const auto& values = std::get<OneOf>(kind_).values;
  const auto at = std::find(values.begin(), values.end(), value);
  if (at == values.end()) throw_unknown_name({}, "value", value, values);
  return static_cast<Gene>(at - values.begin());
}

double Domain::number(Gene gene) const {
  const Steps& steps = std::get<Steps>(kind_);
  return steps.from + (steps.to - steps.from) * gene / (steps.count - 1);
}

std::string Domain::text(Gene gene) const {
  std::vector<int> numbers;
  members(gene, numbers);
  return std::visit(Overload{[&](const OneOf& d) { return d.values[gene]; },
                             [&](const Multiset& d) {
                               std::string text;
                               for (std::size_t i = 0; i < numbers.size();) {
                                 const auto same = std::count(numbers.begin(), numbers.end(), numbers[i]);
                                 text += text.empty() ? "" : " ";
                                 text += d.of[static_cast<std::size_t>(numbers[i])];
                                 if (same > 1) text += fmt::format("×{}", same);
                                 i += static_cast<std::size_t>(same);
                               }
                               return text;
                             },
                             [&](const Sequence& d) {
                               std::string text;
                               for (const int m : numbers)
                                 text += (text.empty() ? "" : "-") + d.of[static_cast<std::size_t>(m)];
                               return text;
                             },
                             [&](const Rows& d) { return fmt::format("{}", fmt::join(d.rows[gene], ", ")); },
                             [&](const Steps&) { return fmt::format("{:.6g}", number(gene)); }},
                    kind_);
}

Gene Domain::near(Gene gene, Random& random) const {
  if (size_ == 1) return gene;
  // Another of `n` values than `value`; of ordered ones mostly the next.
  const auto other = [&random](int value, int n, bool ordered) {
    if (ordered && random.below(4) != 0) {
      const int next = value + (random.below(2) == 0 ? 1 : -1);
      if (next >= 0 && next < n) return next;
    }
    const int drawn = static_cast<int>(random.below(static_cast<std::uint64_t>(n - 1)));
    return drawn < value ? drawn : drawn + 1;
  };
  const auto near_members = [&](const std::vector<int>& counts, int kinds, bool ordered) {
    std::vector<int> list;
    members(gene, list);
    const auto any = [&] { return static_cast<std::size_t>(random.below(list.size())); };
    const bool resize = counts.size() > 1 && (kinds == 1 || random.below(4) == 0);
    if (!resize) {
      int& member = list[any()];
      member = other(member, kinds, ordered);
      return gene_of(std::move(list));
    }
    const int count = counts[static_cast<std::size_t>(
        other(static_cast<int>(count_index(gene)), static_cast<int>(counts.size()), true))];
    while (static_cast<int>(list.size()) > count) list.erase(list.begin() + static_cast<std::ptrdiff_t>(any()));
    while (static_cast<int>(list.size()) < count) {
      const int copied =
          random.below(2) == 0 ? list[any()] : static_cast<int>(random.below(static_cast<std::uint64_t>(kinds)));
      list.push_back(copied);
    }
    return gene_of(std::move(list));
  };
  return std::visit(
      Overload{[&](const OneOf& d) { return static_cast<Gene>(other(gene, static_cast<int>(size_), d.ordered)); },
               [&](const Multiset& d) { return near_members(d.counts, static_cast<int>(d.of.size()), false); },
               [&](const Sequence& d) { return near_members(d.counts, static_cast<int>(d.of.size()), true); },
               [&](const Rows&) {
                 const auto& rows = near_rows_[gene];
                 if (rows.empty() || random.below(4) == 0)
                   return static_cast<Gene>(other(gene, static_cast<int>(size_), false));
                 return rows[random.below(rows.size())];
               },
               [&](const Steps& d) { return mutated_step(gene, d.count, random); }},
      kind_);
}

}  // namespace ridgeline
