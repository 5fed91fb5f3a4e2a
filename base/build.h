/* build: what kind of build this is, as constants that C code can test. */
#ifndef GCLAB_BASE_BUILD_H
#define GCLAB_BASE_BUILD_H

#ifdef __has_feature /* clang */
#define BUILD_HAS_FEATURE(feature) __has_feature(feature)
#else
#define BUILD_HAS_FEATURE(feature) 0
#endif

/* Under AddressSanitizer: it has a malloc of its own, and maps terabytes that no limit may count. */
#if defined(__SANITIZE_ADDRESS__) || BUILD_HAS_FEATURE(address_sanitizer)
#define BUILD_SANITIZED 1
#else
#define BUILD_SANITIZED 0
#endif

/* A checking build (GC_CHECKING): the contract and the invariants are verified while it runs. */
#ifdef GC_CHECKING
#define BUILD_CHECKING 1
#else
#define BUILD_CHECKING 0
#endif

#endif
