// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools names the main packages that ../build.py builds from this module, so that
// `go mod tidy` keeps their dependencies.
package tools

import _ "github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics"
