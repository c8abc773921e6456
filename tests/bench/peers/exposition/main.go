// SPDX-License-Identifier: Apache-2.0

// What one /metrics page costs with client_golang: the series of ../../exposition_cost.cc, answered by
// promhttp's handler again and again, in each format. Prints one line of JSON: milliseconds of processor
// time a page, the best of the rounds.
//
//	exposition [SERIES]     default: 1,000
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"strconv"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const seconds = 1.0 // of processor time, for each format

var formats = map[string]string{
	"text":        "text/plain;version=0.0.4",
	"openmetrics": "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
	"protobuf":    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
}

// A page that nobody keeps.
type discard struct {
	header http.Header
	bytes  int
}

func (d *discard) Header() http.Header { return d.header }
func (d *discard) WriteHeader(int)     {}
func (d *discard) Write(bytes []byte) (int, error) {
	d.bytes += len(bytes)
	return len(bytes), nil
}

func pod(i int) string { return "checkout-7d9f8c6b5d-x" + strconv.Itoa(i) }

func fill(series int) *prometheus.Registry {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total", Help: "Requests."}, []string{"code", "pod"})
	for i := 0; i < series/2; i++ {
		requests.WithLabelValues(strconv.Itoa(200+i%5), pod(i)).Add(float64(i) * 977)
	}
	memory := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "memory_bytes", Help: "Memory."}, []string{"pod"})
	for i := 0; i < series*2/5; i++ {
		memory.WithLabelValues(pod(i)).Set(float64(i) * 1.2345678e3)
	}
	latency := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "latency_seconds", Help: "Latency.", Buckets: []float64{.005, .01, .05, .1, .5, 1, 5},
	}, []string{"pod"})
	for i := 0; i < series/100; i++ {
		for n := 0; n < 100; n++ {
			latency.WithLabelValues(pod(i)).Observe(float64(n) * .04)
		}
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(requests, memory, latency)
	return registry
}

// User and system time of all threads, so that what the collector takes beside counts, too.
func cpuMillis() float64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	spent := func(t syscall.Timeval) float64 { return float64(t.Sec)*1e3 + float64(t.Usec)/1e3 }
	return spent(usage.Utime) + spent(usage.Stime)
}

func main() {
	series := 1000
	if len(os.Args) > 1 {
		series, _ = strconv.Atoi(os.Args[1])
	}
	handler := promhttp.HandlerFor(fill(series), promhttp.HandlerOpts{EnableOpenMetrics: true, DisableCompression: true})
	type cost struct {
		Ms    float64 `json:"ms"`
		Bytes int     `json:"bytes"`
	}
	costs := map[string]cost{}
	for name, accept := range formats {
		request, _ := http.NewRequest("GET", "/metrics", nil)
		request.Header.Set("Accept", accept)
		render := func() int {
			page := discard{header: http.Header{}}
			handler.ServeHTTP(&page, request)
			return page.bytes
		}
		bytes, best, end := render(), math.Inf(1), cpuMillis()+seconds*1e3
		for cpuMillis() < end {
			start, pages := cpuMillis(), 0
			for cpuMillis()-start < 20 || pages < 5 {
				render()
				pages++
			}
			best = math.Min(best, (cpuMillis()-start)/float64(pages))
		}
		costs[name] = cost{best, bytes}
	}
	text, _ := json.Marshal(costs)
	fmt.Println(string(text))
}
