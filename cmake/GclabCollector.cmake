# gclab_add_collector(NAME [MEMORY memory...] SOURCES file... [SOURCES_malloc file...] [SOURCES_blocks file...]
#                     [LINK library...])
#
# Makes the collector library gclab_collector_NAME and the collector's programs: gclab-trial-NAME, which is that
# collector linked with every workload, and, where gclab was built with Google Benchmark (GCLAB_MICRO), gclab-micro-NAME,
# which is that collector linked with every micro-benchmark.  This line and the collector's folder are all that a
# collector needs, in this tree or, after find_package(gclab), in any other (docs/adding-a-collector.md).
#
# A collector whose objects can be on several memories (collectors/parts/cell.h) names them, the usual one first: malloc,
# blocks.  It is compiled once for each, with COLLECTOR_ON_MALLOC or COLLECTOR_ON_BLOCKS defined, and with what only that
# one needs, SOURCES_malloc or SOURCES_blocks.  What is not usual is a variant: NAME+MEMORY in the names of its library
# and programs, and COLLECTOR_IS_VARIANT is defined.
function(gclab_add_collector name)
  cmake_parse_arguments(ARG "" "" "MEMORY;SOURCES;SOURCES_malloc;SOURCES_blocks;LINK" ${ARGN})
  if(NOT ARG_MEMORY)
    gclab_collector_library(${name} SOURCES ${ARG_SOURCES} LINK ${ARG_LINK})
    gclab_collector_programs(${name})
    return()
  endif()
  list(GET ARG_MEMORY 0 usual)
  foreach(memory IN LISTS ARG_MEMORY)
    string(TOUPPER COLLECTOR_ON_${memory}=1 definitions)
    set(program ${name})
    if(NOT memory STREQUAL usual)
      set(program ${name}+${memory})
      list(APPEND definitions COLLECTOR_IS_VARIANT=1)
    endif()
    gclab_collector_library(${program} SOURCES ${ARG_SOURCES} ${ARG_SOURCES_${memory}} LINK ${ARG_LINK}
      DEFINE ${definitions})
    gclab_collector_programs(${program})
  endforeach()
endfunction()

# The library of a collector, or of a variant of it: gclab_collector_PROGRAM.
function(gclab_collector_library program)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;DEFINE" ${ARGN})
  set(library gclab_collector_${program})
  add_library(${library} STATIC ${ARG_SOURCES})
  target_link_libraries(${library} PUBLIC gclab::base ${ARG_LINK})
  target_compile_definitions(${library} PRIVATE ${ARG_DEFINE})
  if(GCLAB_LTO_WORKS)
    set_target_properties(${library} PROPERTIES INTERPROCEDURAL_OPTIMIZATION ON)
  endif()
endfunction()

# Everything that is linked with such a library.
function(gclab_collector_programs program)
  gclab_collector_program(trial ${program} LINK
    gclab::workloads gclab::interpreter gclab_collector_${program} gclab::collector_parts gclab::script gclab::base
    gclab::trial_deps)
  gclab_collector_layouts(${program})
  if(GCLAB_MICRO)
    gclab_collector_program(micro ${program} LINK
      gclab::primitives gclab_collector_${program} gclab::collector_parts gclab::gbench gclab::base gclab::micro_deps)
  endif()
  set_property(GLOBAL APPEND PROPERTY GCLAB_COLLECTORS ${program})
endfunction()

# The trial program in other orders of linking: the same code at other addresses relative to one another, and to the
# lines and pages of caches.  bin/layouts/1/gclab-trial-PROGRAM, and so on (harness/catalogue/program.h).
function(gclab_collector_layouts program)
  if(NOT GCLAB_LAYOUTS GREATER 1 OR NOT CMAKE_BUILD_TYPE STREQUAL Release OR GCLAB_SANITIZE)
    return()
  endif()
  math(EXPR last "${GCLAB_LAYOUTS} - 1")
  foreach(layout RANGE 1 ${last})
    set(keyed)
    foreach(library gclab::workloads gclab::interpreter gclab_collector_${program} gclab::collector_parts gclab::script
        gclab::base)
      string(MD5 key "${layout} ${library}")
      list(APPEND keyed "${key}@${library}")
    endforeach()
    list(SORT keyed)
    list(TRANSFORM keyed REPLACE "^[^@]*@" "")
    gclab_collector_program(trial ${program} LAYOUT ${layout} LINK
      -Wl,--start-group ${keyed} -Wl,--end-group gclab::trial_deps)
  endforeach()
endfunction()

# The program gclab-KIND-PROGRAM, of the objects gclab::KIND and libraries.
function(gclab_collector_program kind program)
  cmake_parse_arguments(ARG "" "LAYOUT" "LINK" ${ARGN})
  set(target gclab-${kind}-${program})
  set(folder)
  if(ARG_LAYOUT)
    set(target ${target}-layout${ARG_LAYOUT})
    set(folder /layouts/${ARG_LAYOUT})
  endif()
  add_executable(${target} $<TARGET_OBJECTS:gclab::${kind}>)
  target_link_libraries(${target} PRIVATE ${ARG_LINK})
  set_target_properties(${target} PROPERTIES
    LINKER_LANGUAGE C # imported objects do not tell, and C++ is not needed to link: micro_deps names its library
    OUTPUT_NAME gclab-${kind}-${program}
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin${folder})
  if(GCLAB_LTO_WORKS)
    set_target_properties(${target} PROPERTIES INTERPROCEDURAL_OPTIMIZATION ON)
  elseif(GCLAB_LTO_FOREIGN)
    target_link_options(${target} PRIVATE -fno-lto) # another compiler's intermediate code: only the machine code counts
  endif()
  install(TARGETS ${target} RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/gclab${folder})
endfunction()
