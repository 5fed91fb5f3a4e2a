# gclab_add_collector(NAME SOURCES file... [LINK library...])
#
# Makes the collector library gclab_collector_NAME and the trial program gclab-trial-NAME, which is that collector
# linked with every workload.  This line and the collector's folder are all that a collector needs, in this tree or,
# after find_package(gclab), in any other (docs/adding-a-collector.md).
function(gclab_add_collector name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  set(library gclab_collector_${name})
  add_library(${library} STATIC ${ARG_SOURCES})
  target_link_libraries(${library} PUBLIC gclab::base ${ARG_LINK})
  set(trial gclab-trial-${name})
  add_executable(${trial} $<TARGET_OBJECTS:gclab::trial>)
  target_link_libraries(${trial} PRIVATE
    gclab::workloads gclab::interpreter ${library} gclab::collector_parts gclab::script gclab::base gclab::trial_deps)
  set_target_properties(${trial} PROPERTIES
    LINKER_LANGUAGE C # imported objects do not tell
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  if(GCLAB_LTO_WORKS)
    set_target_properties(${library} ${trial} PROPERTIES INTERPROCEDURAL_OPTIMIZATION ON)
  elseif(GCLAB_LTO_FOREIGN)
    target_link_options(${trial} PRIVATE -fno-lto) # another compiler's intermediate code: only the machine code counts
  endif()
  install(TARGETS ${trial} RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/gclab)
  set_property(GLOBAL APPEND PROPERTY GCLAB_COLLECTORS ${name})
endfunction()
