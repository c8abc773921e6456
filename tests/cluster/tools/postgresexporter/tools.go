// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools names the main package that ../build.py builds from this module, so that
// `go mod tidy` keeps its dependencies.
package tools

import (
	_ "github.com/prometheus-community/postgres_exporter/cmd/postgres_exporter"
)
