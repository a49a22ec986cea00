// A child process that answers on its standard input and output, with deadlines. Used by targets whose code runs in another process.
#ifndef INGOT_TARGETS_COMMON_CHILD_H
#define INGOT_TARGETS_COMMON_CHILD_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <sys/types.h>

namespace ingot {

class Child {
public:
  Child() = default;
  Child(const Child &) = delete;
  Child &operator=(const Child &) = delete;
  /// Closes the streams; kills the process when it has not ended a second later.
  ~Child();

  /// Starts `program` with `arguments` (without the name itself); what it writes to standard error goes to the file `log`.
  llvm::Error start(const std::string &program, llvm::ArrayRef<std::string> arguments, const std::string &log);
  /// Writes all of `bytes`. Errors: the process ended, or the deadline of the conversation passed.
  llvm::Error send(llvm::StringRef bytes);
  /// Reads exactly `bytes` bytes. Errors as in send.
  llvm::Error receive(void *to, size_t bytes);
  /// A new deadline, `seconds` from now. A process that misses it is killed.
  void allow(double seconds);

private:
  llvm::Error wait(short events);
  llvm::Error ended();

  pid_t process = -1;
  int stream = -1; // a socket that is the child's standard input and output
  double deadline = 0;
  std::string log;
};

} // namespace ingot

#endif
