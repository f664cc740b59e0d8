/* For tests: which card a process uses, by a line of the file NOTES, each time that changes. */
#ifdef NOTES
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
static void note(const char *who, int card) {
  static int noted = -1;
  if (noted == card) return;
  noted = card;
  const int file = open(NOTES, O_WRONLY | O_CREAT | O_APPEND, 0600);
  dprintf(file, "%s %d %d\n", who, (int)getpid(), card);
  close(file);
}
#else
static void note(const char *who, int card) { (void)who, (void)card; }
#endif
