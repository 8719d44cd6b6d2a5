// The program as a process: exit codes, streams, signals.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "app/commands.hpp"
#include "app/help.hpp"
#include "calib/measuring/planned_model.hpp"
#include "data/import.hpp"
#include "tests/app/measured.hpp"
#include "tests/app/support.hpp"

namespace ridgeline {
namespace {

struct ProcessResult {
  int exit_code = 0;
  std::string out, err;
};

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Runs `command` by a shell in `folder`, with `ridgeline` meaning the program under test.
ProcessResult shell(const std::string& command, const TemporaryFolder& folder) {
  const TemporaryFolder streams;
  const std::string line = "cd '" + folder.path().string() + "' && PATH='" +
                           std::filesystem::path(RIDGELINE_PROGRAM).parent_path().string() + "':\"$PATH\" && { " +
                           command + "; } >'" + (streams / "out").string() + "' 2>'" + (streams / "err").string() +
                           "' </dev/null";
  const int status = std::system(line.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(streams / "out"), content(streams / "err")};
}

/// Lines of a document that show how to call the program: "./ridgeline ..." or "ridgeline ..." after spaces or "$".
std::vector<std::string> examples_in(const std::string& document) {
  std::vector<std::string> examples;
  std::istringstream lines(document);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t start = line.find_first_not_of(" $");
    if (start == std::string::npos) continue;
    std::string command = line.substr(start);
    if (command.starts_with("./")) command.erase(0, 2);
    if (command.starts_with("ridgeline ") && command.find("...") == std::string::npos &&
        command.find('[') == std::string::npos && command.find("NAME") == std::string::npos)
      examples.push_back(command);
  }
  return examples;
}

bool writes_file(const std::string& example) {
  return example.find(" --out ") != std::string::npos || example.find('>') != std::string::npos;
}

/// Commands that make a file of their own with --out say on stdout what is in it.
bool prints(const std::string& example) {
  for (const Command& command : commands())
    if (example.starts_with(fmt::format("ridgeline {} ", command.help.name)) && command.writes != kWritesResult)
      return true;
  return !writes_file(example);
}

bool runs_models(const std::string& example) {
  const bool measures =
      example.starts_with("ridgeline measure") || example.find("probe --measure") != std::string::npos;
  return measures && example.find(" --plan-only") == std::string::npos;
}

/// Commands that take a while say on stderr what they are doing.
bool shows_progress(const std::string& example) {
  const bool measures = example.starts_with("ridgeline measure") && example.find(" --plan-only") == std::string::npos;
  return measures || example.find("probe --measure") != std::string::npos ||
         example.starts_with("ridgeline calibrate") || example.starts_with("ridgeline replay") ||
         example.find(" --calibrate-on ") != std::string::npos;
}

/// Examples that take as long as they are told to take a moment here.
std::string hurried(std::string example) {
  const std::string budget = "--budget 10min";
  const std::size_t there = example.find(budget);
  return there == std::string::npos ? example : example.replace(there, budget.size(), "--budget 30s --threads 1");
}

/// Examples that run models need the program that libtorch comes with; a self-test learns nothing in a moment.
bool can_run(const std::string& example) {
  if (example.starts_with("ridgeline selftest")) return false;
  const std::filesystem::path programs = std::filesystem::path(RIDGELINE_PROGRAM).parent_path();
  const auto names = [&](const char* file) { return example.find(file) != std::string::npos; };
  if ((names("bert-tiny.yaml") || names("bert-tiny.onnx")) &&
      !std::filesystem::exists(programs / "ridgeline-convert"))
    return false;
  if ((names("small-gpt.yaml") || names("small-gpt.pt")) &&
      !std::filesystem::exists(programs / "ridgeline-convert-torchscript"))
    return false;
  return !runs_models(example) || std::filesystem::exists(programs / "ridgeline-run");
}

/// What examples read is there.
void add_files(const TemporaryFolder& folder) {
  folder.write("measurements.csv",
               content(std::filesystem::path(RIDGELINE_SOURCE_DIR) / "examples" / "measurements.csv"));
  for (const char* name : {"bert-tiny.onnx", "small-gpt.pt"})
    folder.write(name, content(std::filesystem::path(RIDGELINE_SOURCE_DIR) / "examples" / name));
}

TEST(Process, EveryExampleOfTheHelpRuns) {
  const TemporaryFolder folder;
  add_files(folder);
  std::vector<CommandHelp> helps{program_help()};
  for (const Command& command : commands()) helps.push_back(command.help);
  for (const CommandHelp& help : helps) {
    const std::string page = shell("ridgeline help " + std::string(help.name), folder).out;
    const std::vector<std::string> examples = examples_in(page.substr(page.find("\nExamples:")));
    EXPECT_EQ(examples.size(), help.examples.size()) << help.name;
    for (const std::string& example : examples) {
      if (!can_run(example)) continue;
      const ProcessResult result = shell(hurried(example), folder);
      EXPECT_EQ(result.exit_code, 0) << example << "\n" << result.err;
      EXPECT_NE(result.out.empty(), prints(example)) << example;
      // A search is silent for its first second.
      if (!example.starts_with("ridgeline search")) {
        EXPECT_EQ(result.err.empty(), !shows_progress(example)) << example << "\n" << result.err;
      }
    }
  }
}

TEST(Process, EveryExampleOfTheDocumentsRuns) {
  const TemporaryFolder folder;
  add_files(folder);
  const std::filesystem::path root = RIDGELINE_SOURCE_DIR;
  std::size_t count = 0;
  for (const char* document : {"README.md", "docs/json.md", "docs/devices.md", "docs/models.md", "docs/data.md",
                               "docs/search.md", "docs/convert.md"}) {
    for (const std::string& example : examples_in(content(root / document))) {
      if (!can_run(example)) continue;
      const ProcessResult result = shell(example, folder);
      EXPECT_EQ(result.exit_code, 0) << document << ": " << example << "\n" << result.err;
      EXPECT_NE(result.out.empty(), prints(example)) << document << ": " << example;
      ++count;
    }
  }
  EXPECT_GE(count, 10u);
}

/// RIDGELINE_UPDATE_README=1 writes what the program prints into the file.
TEST(Process, TheReadmeShowsWhatTheProgramPrints) {
  const TemporaryFolder folder;
  const std::filesystem::path file = std::filesystem::path(RIDGELINE_SOURCE_DIR) / "README.md";
  std::string readme = content(file);
  const std::string command = "$ ./ridgeline estimate bert-base --device raspberry-pi-4\n";
  const std::size_t start = readme.find(command);
  ASSERT_NE(start, std::string::npos);
  const std::size_t from = start + command.size();
  const std::size_t size = readme.find("\n```", from) + 1 - from;
  const std::string printed = shell("ridgeline estimate bert-base --device raspberry-pi-4", folder).out;
  if (std::getenv("RIDGELINE_UPDATE_README") != nullptr) {
    readme.replace(from, size, printed);
    std::ofstream(file) << readme;
    return;
  }
  EXPECT_EQ(readme.substr(from, size), printed) << "set RIDGELINE_UPDATE_README=1 and run this test to renew it";
}

/// Kills `ridgeline ...` once it has said `steps` things on stderr. False when it ended before.
bool killed_after(int steps, std::vector<std::string> words, const TemporaryFolder& folder) {
  words.insert(words.begin(), "ridgeline");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::array<int, 2> pipe_ends{};
  EXPECT_EQ(pipe(pipe_ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(pipe_ends[1], STDERR_FILENO);
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    close(pipe_ends[0]);
    if (chdir(folder.path().c_str()) != 0) _exit(99);
    execv(RIDGELINE_PROGRAM, arguments.data());
    _exit(99);
  }
  close(pipe_ends[1]);
  char letter = 0;
  for (int lines = 0; lines < steps && read(pipe_ends[0], &letter, 1) == 1;) lines += letter == '\n' ? 1 : 0;
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  close(pipe_ends[0]);
  EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
  return WIFSIGNALED(status);
}

TEST(Process, AKilledCalibrateLeavesTheOldFileIntact) {
  const TemporaryFolder folder;
  folder.write("rows.csv", invented::campaign(20));
  const std::string before = "what was there before";
  folder.write("board.h5", before);
  int killed = 0;
  const std::vector<std::string> words =
      split_words("calibrate --device raspberry-pi-4 --data rows.csv --out board.h5");
  for (int steps = 0; steps < 20 && killed_after(steps, words, folder); ++steps) {
    EXPECT_EQ(content(folder / "board.h5"), before) << "killed after " << steps << " steps";
    ++killed;
  }
  EXPECT_GE(killed, 2);
  folder.write("board.h5", before);
  // In the middle of writing: no file of the process may grow beyond 4 blocks, and the kernel ends it there.
  const std::string command = "ridgeline calibrate --device raspberry-pi-4 --data rows.csv --out board.h5";
  const ProcessResult cut = shell("ulimit -c 0; ulimit -f 4; " + command + "; test $? -gt 128", folder);
  EXPECT_EQ(cut.exit_code, 0) << cut.err;
  EXPECT_EQ(content(folder / "board.h5"), before);
  EXPECT_EQ(shell(command, folder).exit_code, 0) << "it would have written";
  EXPECT_NE(content(folder / "board.h5"), before);
}

TEST(Process, AKilledChoiceLosesTheRowInFlightAndGoesOn) {
  if (!std::filesystem::exists(std::filesystem::path(RIDGELINE_PROGRAM).parent_path() / "ridgeline-run"))
    GTEST_SKIP() << "built without libtorch";
  const TemporaryFolder folder;
  std::string table = "model,length\n";
  for (int i = 1; i <= 9; ++i) table += fmt::format("bert-tiny,{}\n", 24 * i);
  folder.write("models.csv", table);
  const std::string line =
      "measure --models models.csv --device raspberry-pi-4 --threads 1 --choose active --budget 2min --out run.h5";
  ASSERT_TRUE(killed_after(8, split_words(line), folder))
      << "five for the start, a check of the board, two of those that are chosen";
  const std::string journal = content(folder / "run.h5.journal");
  std::size_t known = 0;
  for (std::size_t at = journal.find("\n{\"id\""); at != std::string::npos; at = journal.find("\n{\"id\"", at + 1))
    ++known;
  EXPECT_GE(known, 4u) << journal;  // the fifth may be the one in flight
  EXPECT_LT(known, 9u);
  const ProcessResult resumed = shell("ridgeline " + line + " --resume", folder);
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_NE(resumed.out.find("9 measured, 0 failed or skipped, 0 left"), std::string::npos) << resumed.out;
  EXPECT_NE(resumed.out.find("by active"), std::string::npos) << resumed.out;
  EXPECT_FALSE(std::filesystem::exists(folder / "run.h5.journal"));
  const std::vector<MeasurementSet> sets = read_measurements({folder / "run.h5"});
  ASSERT_EQ(sets.size(), 1u);
  std::size_t predicted = 0;
  for (const Measurement& row : sets[0].rows) predicted += row.conditions.contains(kPredicted);
  EXPECT_GE(predicted, 4u) << "all but the start";
  EXPECT_LE(predicted, 5u);
}

TEST(Process, ResultsGoToStdoutAndErrorsToStderr) {
  const TemporaryFolder folder;
  const ProcessResult bad = shell("ridgeline estimate bert-bse --device raspberry-pi-4", folder);
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_EQ(bad.out, "");
  EXPECT_TRUE(bad.err.starts_with("error: ")) << bad.err;
  const ProcessResult verbose = shell("ridgeline estimate bert-base --device raspberry-pi-4 --verbose", folder);
  EXPECT_EQ(verbose.exit_code, 0);
  EXPECT_TRUE(verbose.err.starts_with("info: ")) << verbose.err;
  EXPECT_EQ(verbose.out, shell("ridgeline estimate bert-base --device raspberry-pi-4", folder).out);
  EXPECT_EQ(shell("ridgeline --version", folder).out.substr(0, 10), "ridgeline ");
}

TEST(Process, AFullDiskIsAnError) {
  const TemporaryFolder folder;
  const ProcessResult full = shell("ridgeline devices >/dev/full", folder);
  EXPECT_EQ(full.exit_code, 2);
  EXPECT_EQ(full.err, "error: stdout: cannot be written\n");
}

TEST(Process, TheLogFileGetsWhatVerboseSays) {
  const TemporaryFolder folder;
  const ProcessResult result =
      shell("ridgeline estimate bert-base --device raspberry-pi-4 --log-file log.txt", folder);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_NE(content(folder / "log.txt").find(" info: bert-base on raspberry-pi-4"), std::string::npos);
}

/// The pipe makes the moment certain: the program has opened its model and waits for the first byte.
TEST(Process, CtrlCGivesExitCode130AndLeavesNothing) {
  const TemporaryFolder folder;
  const std::string pipe = (folder / "model.yaml").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const std::string out = (folder / "out.json").string();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    execl(RIDGELINE_PROGRAM, "ridgeline", "estimate", pipe.c_str(), "--device", "raspberry-pi-4", "--json", "--out",
          out.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  const int writer = open(pipe.c_str(), O_WRONLY);
  ASSERT_GE(writer, 0);
  ASSERT_EQ(kill(child, SIGINT), 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  close(writer);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

}  // namespace
}  // namespace ridgeline
