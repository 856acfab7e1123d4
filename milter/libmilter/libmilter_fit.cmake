# Finds out whether milter/libmilter/read_ahead.cpp fits this libmilter. It takes bytes from the socket before libmilter
# asks for them, so every call by which libmilter waits for a connection or reads from it must go through it. Such a call
# by another name would wait for bytes that are already taken, and no connection would ever get an answer. The worker pool
# depends on it, and also needs every connection to be accepted, and every answer to be written, by a name that is known.

# What is linked in, and the calls that are redirected to it, each by --wrap=NAME.
set(read_ahead_sources
  libmilter/listener.cpp libmilter/read_ahead.cpp libmilter/served_connection.cpp libmilter/worker_pool.cpp)
set(read_ahead_wraps poll read close writev accept __poll_chk __read_chk)

# What else a libmilter is known to call: none of these waits for the bytes of a connection or takes them. A missing name
# costs speed; a name that should not be here costs mail.
set(harmless_imports
  _GLOBAL_OFFSET_TABLE_ _DYNAMIC in6addr_any environ
  # Connections, their listener and their threads.
  bind listen socket setsockopt getsockopt getpeername getsockname shutdown pipe pipe2 fcntl fcntl64
  __fcntl_time64 write
  pthread_cond_broadcast pthread_cond_destroy pthread_cond_init pthread_cond_signal pthread_cond_timedwait
  pthread_cond_wait __pthread_cond_timedwait64 pthread_attr_init pthread_attr_destroy pthread_attr_setdetachstate
  pthread_attr_setstacksize pthread_create pthread_detach pthread_equal pthread_join pthread_mutex_destroy
  pthread_mutex_init pthread_mutex_lock pthread_mutex_trylock pthread_mutex_unlock pthread_self pthread_sigmask
  sched_yield sigaction sigaddset sigdelset sigemptyset sigfillset signal sigprocmask sigwait
  # Files and names.
  chmod fstat fstat64 __fxstat __fxstat64 __fstat64_time64 lstat lstat64 stat stat64 __xstat __xstat64 __stat64_time64
  unlink umask geteuid getuid getegid getgid getpid
  freeaddrinfo gai_strerror getaddrinfo gethostbyname gethostbyname2 getipnodebyname freehostent getservbyname
  __h_errno_location hstrerror inet_addr inet_aton inet_ntoa inet_ntop inet_pton htonl htons ntohl ntohs
  # Memory and text.
  malloc calloc realloc reallocarray free memchr memcmp memcpy __memcpy_chk memmove __memmove_chk memset __memset_chk
  explicit_bzero strcasecmp strcat __strcat_chk strchr strcmp strcpy __strcpy_chk stpcpy strcspn strdup __strdup
  strerror strerror_r __xpg_strerror_r strlcat strlcpy __strlcat_chk __strlcpy_chk strlen strncasecmp strncat strncmp
  strncpy __strncpy_chk strndup strnlen strpbrk strrchr strspn strstr strtok_r atoi atol strtol strtoll strtoul
  strtoull __isoc23_strtol __isoc23_strtoll __isoc23_strtoul __isoc23_strtoull
  __ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc isalnum isalpha isascii isdigit isprint isspace tolower toupper
  snprintf __snprintf_chk vsnprintf __vsnprintf_chk sprintf __sprintf_chk printf __printf_chk fprintf __fprintf_chk
  puts putchar fputs fwrite stderr stdout syslog __syslog_chk vsyslog __vsyslog_chk openlog closelog
  # Time, errors and the end.
  gettimeofday __gettimeofday64 time __time64 clock_gettime __clock_gettime64 sleep usleep nanosleep
  __errno_location __assert_fail __stack_chk_fail __stack_chk_fail_local __stack_chk_guard __fortify_fail abort exit
  _exit atexit __cxa_atexit __cxa_finalize)

# Sets imports to what the archive's members call and none of them defines.
function(archive_imports archive imports)
  execute_process(COMMAND ${CMAKE_NM} -P ${archive} OUTPUT_VARIABLE symbols ERROR_QUIET)
  # Each line is "NAME TYPE ...": U, w and v are called, other capital letters are defined.
  string(REGEX MATCHALL "[^\n ]+ [Uwv]( |\n|$)" wanted "${symbols}")
  string(REGEX MATCHALL "[^\n ]+ [A-TV-Z]( |\n|$)" defined "${symbols}")
  list(TRANSFORM wanted REPLACE " .*" "")
  list(TRANSFORM defined REPLACE " .*" "")
  list(REMOVE_DUPLICATES wanted)
  if(defined)
    list(REMOVE_ITEM wanted ${defined})
  endif()
  set(${imports} "${wanted}" PARENT_SCOPE)
endfunction()

# Sets answer to whether the library is an archive of objects, and not a shared library.
function(is_archive library answer)
  file(READ ${library} magic LIMIT 8 HEX)
  if(magic MATCHES "^213c(617263683e|7468696e3e)0a$")  # !<arch> or !<thin>
    set(${answer} TRUE PARENT_SCOPE)
  else()
    set(${answer} FALSE PARENT_SCOPE)
  endif()
endfunction()

# Sets hindrance to the reason why read_ahead.cpp must be left out, as a clause; to nothing if it fits.
function(read_ahead_hindrance library hindrance)
  set(${hindrance} "" PARENT_SCOPE)
  is_archive(${library} is_static)
  if(NOT is_static)
    set(${hindrance} "libmilter is a shared library" PARENT_SCOPE)
    return()
  endif()
  archive_imports(${library} imports)
  set(reads ${imports})
  list(FILTER reads INCLUDE REGEX "^(read|__read_chk)$")
  set(waits ${imports})
  list(FILTER waits INCLUDE REGEX "^(poll|__poll_chk)$")
  if(NOT reads OR NOT waits)
    # It uses select(2), its objects can be read by the linker only, or there is no nm.
    set(${hindrance} "libmilter.a is not seen to call poll and read" PARENT_SCOPE)
    return()
  endif()
  list(REMOVE_ITEM imports ${read_ahead_wraps} ${harmless_imports})
  if(imports)
    list(SORT imports)
    string(REPLACE ";" ", " imports "${imports}")
    set(${hindrance} "libmilter.a calls what is not known here: ${imports}" PARENT_SCOPE)
  endif()
endfunction()
