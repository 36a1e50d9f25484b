#include "tests/support/example_cases.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"

namespace plimsoll::testing_support {
namespace {

bool Begins(const Step& step) { return step.As<action::Begin>() != nullptr; }
bool Ends(const Step& step) {
  return step.As<action::Commit>() != nullptr || step.As<action::Rollback>() != nullptr;
}

bool Fails(absl::Span<const Step> steps) {
  return std::any_of(steps.begin(), steps.end(),
                     [](const Step& step) { return step.effects.failure.has_value(); });
}

class CaseMaker {
 public:
  CaseMaker(const std::string& where, const History& history, uint32_t first,
            std::vector<truth::Case>& cases)
      : where_(where), history_(history), first_(first), cases_(cases) {}

  void Run() {
    for (uint32_t m = 0; m < history_.migrations().size(); ++m) {
      if (history_.migrations()[m].down) continue;
      session_.clear();
      const std::vector<Statement>& statements = history_.migrations()[m].script->statements;
      for (uint32_t s = 0; s < statements.size(); ++s) Take(m, s);
      CloseTransaction();
    }
  }

 private:
  void Take(uint32_t migration, uint32_t index) {
    const absl::Span<const Step> steps = history_.StepsOf(migration, index);
    if (steps.empty()) return;
    const Step& first = steps.front();
    if (open_ && first.transaction != transaction_) CloseTransaction();
    transaction_ = first.transaction;
    open_ = true;
    const Statement& statement = history_.StatementOf(first);
    const std::string sql = absl::StrCat(history_.SourceOf(first).Text(statement.span), ";\n");
    const bool block = history_.TransactionOf(first).block;
    if (Begins(first) || Ends(first) || !statement.copy_data.empty()) return;
    if (first.As<action::SetParameter>() != nullptr) {
      absl::StrAppend(block ? &before_ : &session_, sql);
      if (!block) setup_ += sql;
      return;
    }
    if (migration >= first_) {
      cases_.push_back({.name = absl::StrCat(where_, ", statement ", migration + 1, ".", index + 1),
                        .file = "examples",
                        .setup = setup_,
                        .session = session_,
                        .before = before_,
                        .statement = sql});
    }
    if (!Fails(steps)) absl::StrAppend(block ? &before_ : &setup_, sql);
  }

  // What the transaction did is done.
  void CloseTransaction() {
    const bool kept = open_ && !history_.transactions()[transaction_].rolled_back;
    if (kept && !before_.empty()) absl::StrAppend(&setup_, "begin;\n", before_, "commit;\n");
    before_.clear();
    open_ = false;
  }

  const std::string& where_;
  const History& history_;
  uint32_t first_;
  std::vector<truth::Case>& cases_;
  std::string setup_;
  std::string session_;
  std::string before_;
  uint32_t transaction_ = 0;
  bool open_ = false;
};

}  // namespace

void AddCases(const std::string& where, const History& history, uint32_t first,
              std::vector<truth::Case>& cases) {
  CaseMaker(where, history, first, cases).Run();
}

}  // namespace plimsoll::testing_support
