// What a search searches: a space with its deployments, and the problem made of them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/search_deployments.hpp"
#include "search/accuracy.hpp"
#include "search/problem.hpp"
#include "search/space_file.hpp"

namespace ridgeline {

/// A search as it was asked for; empty lists: the space's own.
struct SearchWords : DeploymentWords {
  std::string space;           ///< a name or a file
  std::string space_text;      ///< the file itself, where it is not to be read anew
  std::optional<Size> length;  ///< empty: the space's
  std::vector<std::string> objectives, constraints;
  std::string accuracy;  ///< a source (search/accuracy.hpp); empty: nothing knows how accurate designs are
  /// The caller's own source, of which `accuracy` is the name: no words can ask it again.
  std::optional<AnyAccuracySource> own_accuracy;
  bool accuracy_is_own = false;        ///< also where nobody is there to be asked: of a front that was read
  bool robust = false;                 ///< objectives and constraints of the upper ends of intervals
  std::vector<MovedDeployment> moved;  ///< found after the search: deployments behind all others
};

/// Not to be moved: the space is referred to.
struct SearchSetup : DeploymentList {
  SpaceDescription description;
  std::vector<std::string> notes;
  std::optional<AccuracyInfo> accuracy;  ///< of the source that was asked, used or not
  bool accuracy_is_own = false;          ///< the caller's: nobody else can ask it
  std::unique_ptr<Space> space;
  std::unique_ptr<Evaluator> evaluator;
  SearchProblem problem;  ///< refers to the space and the evaluator
};

/// Chooses what `words` leave open. InputError for unknown names, and when no device is left to search on. Where an
/// accuracy is the caller's own and the caller is not there, objectives and constraints of it stay and have no basis.
std::unique_ptr<SearchSetup> make_search_setup(const SearchWords& words, int threads);

/// The problem of a search on one deployment alone, without what knows how accurate designs are.
std::unique_ptr<SearchSetup> make_setup_of_one(const SearchSetup& searched, MadeDeployment made);

/// Designs drawn from the space, every value of a choice equally likely: the same in every search of it.
Population drawn_designs(const SearchSetup& setup, std::size_t count);

/// A hash of what some designs take: another one when anything has changed that figures depend on. An accuracy that
/// is the caller's own is left out, so that whoever reads a front can compare.
std::string fingerprint(const SearchSetup& setup);
/// The same with every accuracy: of which search a journal is.
std::string full_fingerprint(const SearchSetup& setup);

}  // namespace ridgeline
