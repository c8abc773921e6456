# SPDX-License-Identifier: Apache-2.0
# The sidecar as a Debian package: `make deb`, or cpack in a build folder of the preset release. The
# program needs no library, so the package depends on nothing.
install(TARGETS telltale-sidecar DESTINATION /usr/bin COMPONENT sidecar)
install(FILES packaging/systemd/telltale-sidecar.service DESTINATION /lib/systemd/system COMPONENT sidecar)
install(FILES packaging/sidecar.yaml DESTINATION /etc/telltale COMPONENT sidecar)
install(FILES docs/how-to/vm.md docs/reference/sidecar-config.md
  DESTINATION /usr/share/doc/telltale-sidecar COMPONENT sidecar)
install(FILES LICENSE DESTINATION /usr/share/doc/telltale-sidecar RENAME copyright COMPONENT sidecar)

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL sidecar)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PACKAGE_NAME telltale)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The Telltale authors <telltale@localhost>")
set(CPACK_SET_DESTDIR ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_STRIP_FILES ON)
set(CPACK_OUTPUT_FILE_PREFIX ${PROJECT_BINARY_DIR}/packages)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_SIDECAR_PACKAGE_NAME telltale-sidecar)
set(CPACK_DEBIAN_SIDECAR_PACKAGE_SECTION admin)
set(CPACK_COMPONENT_SIDECAR_DESCRIPTION
  "Metrics and logs of a machine for Prometheus and Loki\nCollects metrics, follows log files and ships them to Loki or VictoriaLogs.")
set(CPACK_DEBIAN_SIDECAR_PACKAGE_CONTROL_EXTRA
  packaging/debian/conffiles packaging/debian/postinst packaging/debian/prerm packaging/debian/postrm)
list(TRANSFORM CPACK_DEBIAN_SIDECAR_PACKAGE_CONTROL_EXTRA PREPEND ${PROJECT_SOURCE_DIR}/)
include(CPack)
