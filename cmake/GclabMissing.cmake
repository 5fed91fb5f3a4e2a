# gclab_missing_collector(NAME WHY PACKAGE)
#
# Records that a collector is not built, why, and which Debian package brings what it needs.  gclab_write_missing()
# writes all of them to bin/missing-collectors.json, beside the trial programs, and has that file installed beside
# them; `gclab list` reads it.  The file is written, empty, where nothing is missing.
function(gclab_missing_collector name why package)
  message(STATUS "Collector ${name} is left out: ${why}; Debian package: ${package}")
  set(row "  {\"name\": \"${name}\", \"why\": \"${why}\", \"package\": \"${package}\"}")
  set_property(GLOBAL APPEND PROPERTY GCLAB_MISSING_ROWS "${row}")
endfunction()

function(gclab_write_missing)
  get_property(rows GLOBAL PROPERTY GCLAB_MISSING_ROWS)
  list(JOIN rows ",\n" text)
  if(text)
    set(text "[\n${text}\n]\n")
  else()
    set(text "[]\n")
  endif()
  set(file ${CMAKE_BINARY_DIR}/bin/missing-collectors.json)
  file(CONFIGURE OUTPUT ${file} CONTENT "${text}" @ONLY)
  install(FILES ${file} DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/gclab)
endfunction()
